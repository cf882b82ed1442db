package world

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"slices"
	"time"

	"github.com/wxlogin/wxlogin/internal/lang"
	"github.com/wxlogin/wxlogin/internal/wechat"
)

const (
	// MessageLife is how long checkencryptedmsg remembers a ciphertext, by its documentation.
	MessageLife = 3 * 24 * time.Hour

	// maxMessages bounds the memory of an app's ciphertexts at 640 KiB; the oldest go first. Simulated users tap less often.
	maxMessages = 1 << 14

	messageTag = 16 // bytes of a hash that are kept: enough that two are never mixed up
)

// message is what the world remembers of one ciphertext, 40 bytes.
type message struct {
	ofText, ofBytes [messageTag]byte
	created         int64 // ns since 1970
}

// messages are an app's ciphertexts in the order of their making. The zero value has none.
type messages struct {
	list []message
	seen int64 // the latest reading of the clock
}

// expire forgets the ciphertexts that are too old. After a clock moved back, one from a time to come counts as made now.
func (m *messages) expire(now int64) {
	if now < m.seen {
		for i := range m.list {
			m.list[i].created = min(m.list[i].created, now)
		}
	}
	m.seen = now
	for len(m.list) > 0 && now-m.list[0].created >= int64(MessageLife) {
		m.drop()
	}
}

func (m *messages) drop() {
	m.list = m.list[1:]
	if len(m.list) == 0 {
		m.list = nil
	}
}

// add remembers a ciphertext, given as the base64 that the phone handed out.
func (m *messages) add(encryptedData string, now int64) {
	m.expire(now)
	if len(m.list) == maxMessages {
		m.drop()
	}
	ofText := sha256.Sum256([]byte(encryptedData))
	raw, _ := base64.StdEncoding.DecodeString(encryptedData) // of our own making
	ofBytes := sha256.Sum256(raw)
	m.list = append(m.list, message{
		ofText: [messageTag]byte(ofText[:]), ofBytes: [messageTag]byte(ofBytes[:]), created: now,
	})
}

// EncryptedMessage is what checkencryptedmsg gives.
type EncryptedMessage struct {
	CreatedAt time.Time
	Note      string // how the hash was made, for the journal
}

// CheckEncrypted is checkencryptedmsg: whether a ciphertext of the phone's with this hash, SHA-256 in lower-case hexadecimal, was made for
// the app in the last three days. Only phone numbers are remembered, by the documentation. It does not say whether the base64 text
// or the bytes are hashed; that both are accepted is our choice, and so is 40097 for what is no such hash.
func (c Caller) CheckEncrypted(hash string) (EncryptedMessage, *Refusal) {
	if reason := hashShape(hash); reason != "" {
		return EncryptedMessage{}, c.world.Refuse(wechat.CodeInvalidArgs, "invalid args", reason)
	}
	var tag [messageTag]byte
	_, _ = hex.Decode(tag[:], []byte(hash[:2*messageTag])) // its shape was checked
	c.app.mu.Lock()
	defer c.app.mu.Unlock()
	m := &c.app.state.messages
	m.expire(c.world.now())
	for _, one := range slices.Backward(m.list) { // the newest are asked for
		switch tag {
		case one.ofText:
			return EncryptedMessage{CreatedAt: fromNano(one.created), Note: "hash of the base64 text"}, nil
		case one.ofBytes:
			return EncryptedMessage{CreatedAt: fromNano(one.created), Note: "hash of the decoded bytes"}, nil
		}
	}
	// The spelling is WeChat's.
	return EncryptedMessage{}, c.world.Refuse(wechat.CodeNoData, "data not exit", "no phone number of the last three days has this hash")
}

// hashShape says what is wrong with the shape of a hash; "" when nothing is.
func hashShape(hash string) string {
	if len(hash) != 2*sha256.Size {
		return lang.Count("encrypted_msg_hash has %d characters, not the 64 of SHA-256 in hexadecimal", len(hash))
	}
	for _, c := range []byte(hash) {
		switch {
		case '0' <= c && c <= '9', 'a' <= c && c <= 'f':
		case 'A' <= c && c <= 'F':
			return "encrypted_msg_hash is in upper case"
		default:
			return "encrypted_msg_hash is not hexadecimal"
		}
	}
	return ""
}
