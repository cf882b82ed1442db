package wxhttp

import (
	"net/http"
	"reflect"
	"strconv"

	"github.com/wxlogin/wxlogin/internal/lang"
	"github.com/wxlogin/wxlogin/internal/world/worldfile"
)

// worldRequest says how the world is to be written down.
type worldRequest struct {
	Format  string `json:"format"`
	Secrets bool   `json:"secrets"`
}

// worldEndpoint writes the world down as a file that serve --mock --world reads, or as JSON of the same fields.
func (h *handler) worldEndpoint() endpoint {
	return endpoint{in: reflect.TypeFor[worldRequest](), serve: func(w http.ResponseWriter, r *http.Request) {
		var in worldRequest
		if err := readQuery(r.URL.RawQuery, &in); err != nil {
			failed(w, r, err)
			return
		}
		file := worldfile.Of(h.world, in.Secrets)
		switch in.Format {
		case "", "json":
			writeJSON(w, file)
		case "yaml":
			text, err := file.Encode()
			if err != nil {
				failed(w, r, err)
				return
			}
			header := w.Header()
			header.Set("Content-Type", "application/yaml") // RFC 9512
			header.Set("Content-Length", strconv.Itoa(len(text)))
			header.Set("Cache-Control", "no-store")
			_, _ = w.Write(text)
		default:
			failed(w, r, badRequest("format is json or yaml"))
		}
	}}
}

var docWorld = routeDoc{
	text: lang.T{
		En: "The world as a file that serve --mock --world reads: apps, users of whom something was said, the clock. What users did is not in it. A configured secret may be real and never is.",
		Zh: "以 serve --mock --world 可读取的文件形式给出模拟世界：小程序、指定过信息的用户、时钟。不包含用户的行为，也绝不包含配置的 secret，因为它可能是真的。",
	},
	fields: []fieldDoc{
		{"format", lang.T{En: "json or yaml (json)", Zh: "json 或 yaml（json）"}},
		{"secrets", lang.T{En: "true: with the secrets that came from such a file or with a new app", Zh: "true：包含来自这种文件或随新小程序给出的 secret"}},
	},
	before: []string{`POST /_mock/users {"user":"bob","phone":"13800000000"}`}, examples: []string{""},
}
