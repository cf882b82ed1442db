package diagnose

import (
	"crypto/aes"
	"crypto/cipher"
	"unicode/utf8"
)

const blockSize = aes.BlockSize

// maxPartly is how many bytes of a block may be no text for the block to count as damaged text and not as noise. Random blocks pass
// for damaged text once in some hundred, so that this alone proves nothing, and for text with a probability of 1.2e-5.
const maxPartly = 3

// rawCBC decrypts the whole blocks of data and leaves the padding on.
func rawCBC(block cipher.Block, iv, data []byte) []byte {
	plain := make([]byte, len(data)/blockSize*blockSize)
	if len(plain) > 0 {
		cipher.NewCBCDecrypter(block, iv).CryptBlocks(plain, data[:len(plain)])
	}
	return plain
}

// rawBlock decrypts the block at index i of data alone.
func rawBlock(block cipher.Block, iv, data []byte, i int) []byte {
	before := iv
	if i > 0 {
		before = data[(i-1)*blockSize : i*blockSize]
	}
	plain := make([]byte, blockSize)
	block.Decrypt(plain, data[i*blockSize:(i+1)*blockSize])
	for k := range plain {
		plain[k] ^= before[k]
	}
	return plain
}

// lookOf says what a block of plain text looks like.
func lookOf(plain []byte) Block {
	if count := padding(plain, blockSize); count > 0 && unreadable(plain[:len(plain)-count]) == 0 {
		return BlockPadding
	}
	switch n := unreadable(plain); {
	case n == 0:
		return BlockReadable
	case n <= maxPartly:
		return BlockPartly
	}
	return BlockGarbage
}

// padding returns how many bytes of PKCS#7 padding end plain: 0 for none.
func padding(plain []byte, most int) int {
	if len(plain) == 0 {
		return 0
	}
	count := int(plain[len(plain)-1])
	if count < 1 || count > most || count > len(plain) {
		return 0
	}
	for _, c := range plain[len(plain)-count:] {
		if int(c) != count {
			return 0
		}
	}
	return count
}

// unreadable counts the bytes that are no text. A character of UTF-8 that a border of the block cuts is text.
func unreadable(plain []byte) int {
	i := 0
	for i < len(plain) && i < utf8.UTFMax-1 && !utf8.RuneStart(plain[i]) {
		i++
	}
	if i == len(plain) && i > 0 {
		return 0
	}
	count := 0
	for i < len(plain) {
		r, size := utf8.DecodeRune(plain[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			if len(plain)-i < utf8.UTFMax && !utf8.FullRune(plain[i:]) {
				return count // cut by the end
			}
			count++
		case r < ' ' && r != '\n' && r != '\r' && r != '\t', r >= 0x7f && r < 0xa0:
			count += size
		}
		i += size
	}
	return count
}

// mapBlocks looks at every block of plain, which has its padding.
func mapBlocks(plain []byte) []Block {
	looks := make([]Block, 0, len(plain)/blockSize)
	for ; len(plain) >= blockSize; plain = plain[blockSize:] {
		looks = append(looks, lookOf(plain[:blockSize]))
	}
	return looks
}

func (b Block) isText() bool { return b == BlockReadable || b == BlockPadding }

// Readable returns how many blocks are text.
func (m BlockMap) Readable() int {
	n := 0
	for _, b := range m.Blocks {
		if b.isText() {
			n++
		}
	}
	return n
}

// chars returns the first and the last character of base64 that carry the bytes from..to (both included), counted from 0.
func chars(from, to int) (first, last int) {
	const bitsOfByte, bitsOfDigit = 8, 6
	return from * bitsOfByte / bitsOfDigit, (to*bitsOfByte + bitsOfByte - 1) / bitsOfDigit
}

// A Run is a stretch of blocks that look alike, with the characters of encryptedData that carry it. Both ends are included.
type Run struct {
	Look                Block
	First, Last         int
	FirstChar, LastChar int
}

// Runs returns the stretches in order.
func (m BlockMap) Runs() []Run {
	var runs []Run
	for i, look := range m.Blocks {
		if n := len(runs); n > 0 && runs[n-1].Look == look {
			runs[n-1].Last = i
		} else {
			runs = append(runs, Run{Look: look, First: i, Last: i})
		}
	}
	for i, r := range runs {
		from, to := chars(m.before.bytes+r.First*blockSize, m.before.bytes+r.Last*blockSize+blockSize-1)
		runs[i].FirstChar, runs[i].LastChar = m.before.chars+from, m.before.chars+to
	}
	return runs
}
