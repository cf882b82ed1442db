package config

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/wxlogin/wxlogin/internal/app"
	"github.com/wxlogin/wxlogin/internal/lang"
	"github.com/wxlogin/wxlogin/internal/term"
)

// locations is what `config path` prints with --json. The field names are API; a place that does not exist by nature is null.
type locations struct {
	Config  *location `json:"config"`  // null: no home directory is known
	Project *location `json:"project"` // null: --config or WXLOGIN_CONFIG names the one file to read
	State   *location `json:"state"`   // null: no home directory is known
	Store   *location `json:"store"`   // null: likewise, or sessions are not kept in a file
	Keys    *location `json:"keys"`    // null: no home directory is known
}

type location struct {
	Path   string `json:"path"` // absolute
	Exists bool   `json:"exists"`
}

func newPath(a *app.App) *cobra.Command {
	c := a.Command(app.Spec{
		Use:   "path",
		Short: lang.T{En: "Show where the tool's files are", Zh: "显示各文件的位置"},
		Long: lang.T{
			En: "Lists the user's file, the project's file, the state directory, the session store and the key ring, and which of them exist. It works while the configuration itself cannot be read.",
			Zh: "列出用户配置文件、项目文件、状态目录、会话存储和密钥环的位置，以及它们是否存在。即使配置无法读取，此命令也可用。",
		},
		Examples: []app.Example{
			{Note: lang.T{En: "open the user's file in an editor", Zh: "用编辑器打开用户配置文件"}, Line: `"$EDITOR" "$(wxlogin config path -q .config.path)"`},
		},
	})
	c.RunE = func(*cobra.Command, []string) error { return runPath(a) }
	return c
}

func runPath(a *app.App) error {
	found := findLocations(a)
	output, err := a.Output()
	if err != nil {
		return err
	}
	return output.Print(a.IO, found, func(p *term.Page) {
		var rows [][]term.Cell
		for _, row := range []struct {
			name string
			*location
		}{{"config", found.Config}, {"project", found.Project}, {"state", found.State}, {"store", found.Store}, {"keys", found.Keys}} {
			if row.location != nil {
				rows = append(rows, []term.Cell{{Text: row.name}, {Text: row.Path}, existence(a, p, row.Exists)})
			}
		}
		p.Table([]lang.T{labelFile, labelPath, labelState}, rows)
	})
}

// existence is a word of the reader's language on a terminal, and an English one for cut and awk.
func existence(a *app.App, p *term.Page, exists bool) term.Cell {
	text, level := textMissing, term.Faint
	if exists {
		text, level = textExists, term.OK
	}
	if !a.IO.OutTTY {
		return term.Cell{Text: text.En}
	}
	return term.Cell{Text: p.In(text), Level: level}
}

func findLocations(a *app.App) locations {
	paths := a.Paths()
	found := locations{Config: locate(paths.ConfigFile), Project: locate(paths.ProjectFile), State: locate(paths.StateDir)}
	if path, err := paths.KeysFile(); err == nil {
		found.Keys = locate(path)
	}
	if path, err := a.StorePath(); err == nil {
		found.Store = locate(path)
	} else if path, err := paths.StoreFile(); err == nil { // the configuration cannot be read: where it is by default
		found.Store = locate(path)
	}
	return found
}

func locate(path string) *location {
	if path == "" {
		return nil
	}
	if absolute, err := filepath.Abs(path); err == nil {
		path = absolute
	}
	_, err := os.Stat(path)
	return &location{Path: path, Exists: !errors.Is(err, fs.ErrNotExist)}
}

var (
	labelFile   = lang.T{En: "what", Zh: "名称"}
	labelPath   = lang.T{En: "path", Zh: "路径"}
	labelState  = lang.T{En: "state", Zh: "状态"}
	textExists  = lang.T{En: "exists", Zh: "存在"}
	textMissing = lang.T{En: "missing", Zh: "不存在"}
)
