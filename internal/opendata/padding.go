package opendata

import "crypto/aes"

// unpad removes PKCS#7 padding to 16 bytes. Values up to 32, which widespread code accepts, belong to WeChat's message
// encryption; no open data has them.
func unpad(data []byte) ([]byte, error) {
	count := int(data[len(data)-1])
	if count < 1 || count > aes.BlockSize || count > len(data) {
		return nil, ErrPadding
	}
	cut := len(data) - count
	for _, c := range data[cut:] {
		if int(c) != count {
			return nil, ErrPadding
		}
	}
	return data[:cut], nil
}

// pad appends PKCS#7 padding.
func pad(data []byte) []byte {
	count := aes.BlockSize - len(data)%aes.BlockSize
	for range count {
		data = append(data, byte(count))
	}
	return data
}
