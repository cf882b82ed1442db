// Command straightforward decrypts NDJSON as one would write it in an hour: what `wxlogin decrypt --bulk` is measured against.
//
//	straightforward APPID FILE > OUTPUT
//
// It is held to the same output, byte for byte, for lines that decrypt. Buffers, a key schedule and a block mode for each line, and
// errors that say little are what such programs have; reading and writing are buffered, as they are in all of them.
package main

import (
	"bufio"
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
)

type input struct {
	SessionKey    string `json:"session_key"`
	IV            string `json:"iv"`
	EncryptedData string `json:"encryptedData"`
}

type output struct {
	Line int            `json:"line"`
	OK   bool           `json:"ok"`
	Kind string         `json:"kind"`
	Data map[string]any `json:"data"`
}

func main() {
	if err := run(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(appID, name string) error {
	file, err := os.Open(name)
	if err != nil {
		return err
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<20)
	out := bufio.NewWriter(os.Stdout)
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	for n := 1; lines.Scan(); n++ {
		var in input
		if err := json.Unmarshal(lines.Bytes(), &in); err != nil {
			return err
		}
		data, err := decrypt(in, appID)
		if err != nil {
			return fmt.Errorf("line %d: %w", n, err)
		}
		if err := encoder.Encode(output{n, true, kind(data), data}); err != nil {
			return err
		}
	}
	if err := lines.Err(); err != nil {
		return err
	}
	return out.Flush()
}

func decrypt(in input, appID string) (map[string]any, error) {
	key, err := base64.StdEncoding.DecodeString(in.SessionKey)
	if err != nil {
		return nil, err
	}
	iv, err := base64.StdEncoding.DecodeString(in.IV)
	if err != nil {
		return nil, err
	}
	data, err := base64.StdEncoding.DecodeString(in.EncryptedData)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	if len(iv) != block.BlockSize() || len(data) == 0 || len(data)%block.BlockSize() != 0 {
		return nil, errors.New("wrong length")
	}
	cipher.NewCBCDecrypter(block, iv).CryptBlocks(data, data)
	padding := int(data[len(data)-1])
	if padding < 1 || padding > block.BlockSize() {
		return nil, errors.New("wrong padding")
	}
	var plain map[string]any
	if err := json.Unmarshal(data[:len(data)-padding], &plain); err != nil {
		return nil, err
	}
	watermark, _ := plain["watermark"].(map[string]any)
	if watermark["appid"] != appID {
		return nil, errors.New("wrong appid")
	}
	return plain, nil
}

func kind(plain map[string]any) string {
	switch {
	case plain["phoneNumber"] != nil:
		return "phone"
	case plain["openId"] != nil:
		return "userinfo"
	}
	return "unknown"
}
