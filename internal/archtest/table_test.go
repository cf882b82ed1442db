package archtest_test

// A level is a row of the table in docs/architecture.md. Its rooms import rooms of earlier rows only.
type level struct {
	name  string
	rooms []string // directories; one that does not exist yet is no error
}

// levels is the plan of the house. A new package under internal/ or cmd/ gets its place here first.
var levels = []level{
	{"L0", []string{"internal/redact", "internal/lang", "internal/clock", "internal/pipe"}},
	{"L1", []string{"internal/wechat", "internal/journal", "internal/problem"}},
	{"L2", []string{
		"internal/wxapi", "internal/opendata", "internal/token", "internal/session",
		"internal/session/memory", "internal/session/sqlite", "internal/session/redis", "internal/session/redis/redistest", "internal/session/storetest",
	}},
	{"L3", []string{"internal/world", "internal/world/worldfile", "internal/diagnose", "internal/accesstoken", "internal/login"}},
	{"L4", []string{"internal/wxhttp", "internal/loginhttp", "internal/mockclient", "internal/intercept", "internal/child", "internal/server", "internal/bulk"}},
	{"L5", []string{"internal/stack"}},
	{"edge", []string{"internal/config", "internal/term"}},
	{"checks", []string{"internal/doctor"}},
	{"app", []string{"internal/app"}},
	{"command groups", []string{"cmd/mock", "cmd/key", "cmd/config", "cmd/session"}},
	{"cmd", []string{"cmd"}},
	{"main", []string{"."}},
}

// domain is the last row that must work without a command line: L0 to L5.
const domain = "L5"

// An owner says which rooms may import a module of somebody else, outside tests, and what for.
// "cmd/..." is cmd and everything under it.
type owner struct {
	module string
	rooms  []string
	why    string
}

// owners lists every module that the binary may link directly. A new dependency is a decision: measure what its
// initialisation and its size cost (the start-up test does), then add it here.
var owners = []owner{
	{"github.com/spf13/cobra", []string{"cmd/...", "internal/app"}, "commands end at the edge; app makes the frame that all of them share"},
	{"github.com/spf13/pflag", []string{"cmd/...", "internal/app"}, "commands and flags end at the edge"},
	{"github.com/spf13/viper", []string{"internal/config"}, "everybody else gets a typed Config"},
	{"go.yaml.in/yaml/v3", []string{"internal/config", "internal/world/worldfile"}, "they own the files that people write by hand: the configuration and the world"},
	{"github.com/zalando/go-keyring", []string{"internal/config"}, "a keyring is one of the places a secret comes from"},
	{"charm.land/lipgloss/v2", []string{"internal/term"}, "one room knows about colour and width"},
	{"github.com/charmbracelet/colorprofile", []string{"internal/term"}, "one room knows about colour and width"},
	{"github.com/charmbracelet/x/ansi", []string{"internal/term"}, "one room knows about colour and width"},
	{"github.com/itchyny/gojq", []string{"internal/term"}, "--jq is a way of printing"},
	{"github.com/schollz/progressbar/v3", []string{"internal/term"}, "progress is shown on a terminal"},
	{"golang.org/x/term", []string{"internal/term"}, "one room knows whether there is a terminal"},
	{"software.sslmate.com/src/go-pkcs12", []string{"internal/intercept"}, "Java reads trust stores, not PEM"},
	{"golang.org/x/sys", []string{"internal/child"}, "process groups, terminals and job objects are the system's own"},
	{"github.com/lmittmann/tint", []string{"internal/app"}, "handlers and servers are handed a slog.Handler"},
	{"github.com/go-jose/go-jose/v4", []string{"internal/token"}, "login tokens are the only JOSE objects we make"},
	{"github.com/rogpeppe/go-internal/lockedfile", []string{"internal/session/sqlite", "internal/token"}, "processes that make or change one file at once take turns"},
	{"golang.org/x/net", []string{"internal/intercept"}, "a user's own proxy may be one of SOCKS"},
	{"github.com/VictoriaMetrics/metrics", []string{"internal/server"}, "one room counts; it starts nothing and costs next to nothing at the start"},
	{"golang.org/x/time", []string{"internal/server"}, "limits belong in front of every handler"},
	{"github.com/redis/go-redis/v9", []string{"internal/session/redis"}, "a store is known by its interface"},
	{"modernc.org/sqlite", []string{"internal/session/sqlite"}, "a store is known by its interface"},
}

// testModules may be imported by any test, and by the conformance suites.
var testModules = []string{
	"github.com/creack/pty", "github.com/google/go-cmp", "github.com/rogpeppe/go-internal", "github.com/santhosh-tekuri/jsonschema/v6",
	"go.uber.org/goleak", "go.yaml.in/yaml/v3", "pgregory.net/rapid",
}

// testRooms hold tests although their files are not named *_test.go. Only tests import them.
var testRooms = []string{"internal/archtest", "internal/session/storetest", "internal/session/redis/redistest"}

// A ban says which package of the standard library stays out of which rooms, outside tests.
type ban struct {
	pkg   string
	rooms []string // nil: all
	why   string
}

var bans = []ban{
	{"text/template", nil, "it switches off the linker's pruning"},
	{"html/template", nil, "it switches off the linker's pruning"},
	{"log", nil, "we log with log/slog"},
	{"testing", nil, "test code does not ship"},
	{"flag", nil, "cobra parses the command line"},
	{"net/http/httptest", nil, "test code does not ship"},
	{"net/http", []string{
		"internal/redact", "internal/lang", "internal/clock", "internal/pipe", "internal/wechat", "internal/journal", "internal/opendata", "internal/token",
		"internal/session", "internal/session/memory", "internal/session/sqlite", "internal/session/redis", "internal/world", "internal/world/worldfile", "internal/diagnose",
		"internal/accesstoken", "internal/login",
	}, "it works without HTTP; the rooms of L4 put it on the wire"},
}
