package config

import (
	"encoding/json"
	"io"
	"os"
	"path/filepath"

	"github.com/wxlogin/wxlogin/internal/wechat"
)

// maxProjectFile bounds what is read of a mini program's project; the files have some kilobytes.
const maxProjectFile = 1 << 20

// A MiniProgram is a file of the project in the current directory that says which mini program it is.
type MiniProgram struct {
	File  string       // as a user would name it: "project.config.json"
	AppID wechat.AppID // as it stands there; not checked
}

// MiniPrograms looks for the appid of the project in a directory: in WeChat DevTools' project.config.json and
// project.private.config.json, and in uni-app's manifest.json, also below src. What cannot be read, or names none, is left out: the
// files are somebody else's.
func MiniPrograms(dir string) []MiniProgram {
	var found []MiniProgram
	for _, name := range []string{"project.private.config.json", "project.config.json", "manifest.json", filepath.Join("src", "manifest.json")} {
		file, err := os.Open(filepath.Join(dir, name))
		if err != nil {
			continue
		}
		data, err := io.ReadAll(io.LimitReader(file, maxProjectFile))
		_ = file.Close()
		if err != nil {
			continue
		}
		if id := appIDIn(data); id != "" {
			found = append(found, MiniProgram{File: name, AppID: id})
		}
	}
	return found
}

func appIDIn(data []byte) wechat.AppID {
	var project struct {
		AppID    any `json:"appid"` // of a project.config.json; in a manifest.json it is an id of DCloud's
		MPWeixin *struct {
			AppID string `json:"appid"`
		} `json:"mp-weixin"`
	}
	if json.Unmarshal(withoutComments(data), &project) != nil {
		return ""
	}
	if project.MPWeixin != nil {
		return wechat.AppID(project.MPWeixin.AppID)
	}
	id, _ := project.AppID.(string)
	if len(id) > 5 && id[:5] == "__UNI" { // a manifest without mp-weixin
		return ""
	}
	return wechat.AppID(id)
}

// withoutComments replaces the comments of a manifest.json, which is JSON but for them, by blanks.
func withoutComments(data []byte) []byte {
	plain := append([]byte(nil), data...)
	inText := false
	for i := 0; i < len(plain); i++ {
		switch {
		case inText && plain[i] == '\\':
			i++
		case plain[i] == '"':
			inText = !inText
		case inText || plain[i] != '/' || i+1 == len(plain):
		case plain[i+1] == '/':
			for ; i < len(plain) && plain[i] != '\n'; i++ {
				plain[i] = ' '
			}
		case plain[i+1] == '*':
			end := i + 2
			for end+1 < len(plain) && (plain[end] != '*' || plain[end+1] != '/') {
				end++
			}
			for ; i < min(end+2, len(plain)); i++ {
				plain[i] = ' '
			}
			i--
		}
	}
	return plain
}
