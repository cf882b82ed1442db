package main

import (
	"context"
	"fmt"
	"strings"
)

// blocks are in the order of the pages. Each is measured by itself.
func blocks() []block {
	return []block{
		theMachine(), decryption(), stages(), bulkProcess(), bulkFailing(), bulkMemory(), overHTTP(), users(), tunnel(), start(), worldMemory(),
		groupCommit(), stores(), storeSizes(), binary(), chaosRun(), killedWriters(), diagnosing(),
	}
}

func bench(pattern, in string, args ...string) command {
	return command{args: append([]string{"-run=^$", "-bench=" + pattern, in}, args...)}
}

func theMachine() block {
	return block{
		name: "machine", head: row{{"measured on", "测量环境"}},
		rows: func(r *results) []row {
			about, err := machine(context.Background())
			if err != nil {
				r.failed = append(r.failed, err.Error())
			}
			return []row{{about}}
		},
	}
}

// decryption takes the quickest of many short runs in turns, because other work on the machine makes whole seconds incomparable.
func decryption() block {
	return block{
		name:     "decryption",
		commands: []command{bench("^Benchmark(Floor|Open|Opener)$", "./internal/opendata", "-benchtime=300x", "-count=60", "-cpu=1")},
		head:     row{{"", ""}, {"against the floor", "与下限之比"}, {"time", "耗时"}, {"allocations", "内存分配"}},
		rows: func(r *results) []row {
			floor := r.least("Floor ns/op")
			line := func(label, name, allocations string) row {
				return row{
					same(label), same(digits(r.least(name+" ns/op")/floor) + " x"),
					same(digits(r.least(name+" ns/op")) + " ns"), same(allocations),
				}
			}
			return []row{
				line("`Open`, watermark checked", "Open", digits0(r.least("Open allocs/op"))),
				line("`Opener`, which holds a session key", "Opener", digits0(r.least("Opener allocs/op"))),
				line("the floor", "Floor", digits0(r.least("Floor allocs/op"))),
			}
		},
	}
}

func digits0(v float64) string { return fmt.Sprintf("%.0f", v) }

func stages() block {
	return block{
		name:     "stages",
		commands: []command{bench("^BenchmarkStages$", "./internal/opendata", "-benchtime=300x", "-count=60", "-cpu=1")},
		head:     row{{"stage", ""}, {"ns", ""}, {"share", ""}},
		rows: func(r *results) []row {
			parts := []struct{ name, label string }{
				{"line", "scanning the line (`opendata.Line`)"},
				{"base64", "base64 of key, iv and data"},
				{"key", "key schedule (`aes.NewCipher`, with its allocation)"},
				{"CBC", "CBC, 25 blocks"},
				{"JSON", "JSON of the plain text: RFC 8259, UTF-8, duplicate fields, watermark"},
			}
			sum := 0.0
			for _, p := range parts {
				sum += r.least("Stages/" + p.name + " ns/op")
			}
			var rows []row
			for _, p := range parts {
				ns := r.least("Stages/" + p.name + " ns/op")
				rows = append(rows, row{same(p.label), same(digits(ns)), same(fmt.Sprintf("%.0f %%", 100*ns/sum))})
			}
			return append(rows,
				row{same("the sum"), same(digits(sum)), same("")},
				row{same("all of it together, with a new `Opener`"), same(digits(r.least("Stages/all ns/op"))), same("")})
		},
	}
}

// quarters writes a ratio with its quartiles.
func quarters(r *results, name string) string {
	return fmt.Sprintf("%s x (%s to %s)", digits(r.median(name+" x-wall")), digits(r.median(name+" x-wall-q1")), digits(r.median(name+" x-wall-q3")))
}

func bulkProcess() block {
	return block{
		name:     "bulk",
		commands: []command{bench("^BenchmarkBulkProcess$", "./internal/bulk", "-benchtime=7x")},
		head:     row{{"200 000 lines, 7 pairs of processes", ""}, {"wall clock (middle half)", ""}, {"CPU", ""}, {"lines a second", ""}},
		rows: func(r *results) (rows []row) {
			for _, c := range []struct{ name, label string }{{"alphabetical", "alphabetical"}, {"as-sent", "as sent"}} {
				name := "BulkProcess/" + c.name
				rows = append(rows, row{
					same(c.label), same(quarters(r, name) + " as fast"), same(digits(r.median(name+" x-cpu")) + " x"), same(digits(r.median(name + " lines/s"))),
				})
			}
			return rows
		},
	}
}

func bulkFailing() block {
	return block{
		name:     "bulk-failing",
		commands: []command{bench("^BenchmarkBulkFailing$", "./internal/bulk", "-benchtime=5x")},
		head:     row{{"", ""}, {"wall clock (middle half)", ""}, {"CPU", ""}},
		rows: func(r *results) (rows []row) {
			for _, c := range []struct{ name, label string }{{"wrong-key", "200 000 lines, all under a wrong key"}, {"wrong-app", "200 000 lines, all of another mini program"}} {
				name := "BulkFailing/" + c.name
				rows = append(rows, row{same(c.label), same(quarters(r, name)), same(digits(r.median(name+" x-cpu")) + " x")})
			}
			return rows
		},
	}
}

func bulkMemory() block {
	return block{
		name: "bulk-memory",
		commands: []command{{
			env: []string{"WXLOGIN_BULK_LINES=10000000"}, args: []string{"-v", "-run=^TestMemory$", "./internal/bulk"},
			keep: map[string]string{
				"small": `: (1000) lines: a heap of (\S+) MiB`, "middle": `: (30000) lines: a heap of (\S+) MiB`, "large": `: (10000000) lines: a heap of (\S+) MiB`,
			},
		}},
		head: row{{"lines", ""}, {"heap, at most", ""}},
		rows: func(r *results) (rows []row) {
			for _, name := range []string{"small", "middle", "large"} {
				rows = append(rows, row{same(r.kept(name, 0)), same(r.kept(name, 1) + " MiB")})
			}
			return rows
		},
	}
}

func overHTTP() block {
	return block{
		name: "http",
		commands: []command{
			bench("^BenchmarkAgainstBare$", "./internal/stack", "-benchtime=60x", "-count=3"),
			bench("^BenchmarkServerCPU$", "./internal/stack", "-benchtime=60x"),
		},
		head: row{
			{"60 pairs of blocks, the middle of 3 runs", "60 对请求块，3 次运行取中"},
			{"requests a second", "每秒请求"},
			{"CPU a request, client included", "每请求 CPU（含客户端）"},
			{"CPU of the server's process", "服务器进程的 CPU"},
		},
		rows: func(r *results) (rows []row) {
			for _, name := range []string{"jscode2session", "onLogin"} {
				label := map[string]string{"jscode2session": "`/sns/jscode2session`", "onLogin": "`/onLogin`"}[name]
				rows = append(rows, row{same(label), same(r.times("AgainstBare/" + name + " x-requests/s")), same(r.times("AgainstBare/" + name + " x-CPU")), same(r.times("ServerCPU/" + name + " x-CPU"))})
			}
			return rows
		},
	}
}

func users() block {
	return block{
		name:     "users",
		commands: []command{bench("^BenchmarkManyUsers$", "./internal/stack", "-benchtime=60x", "-count=3")},
		head:     row{{"CPU of a login at a world of", "登录的 CPU，模拟世界中有"}, {"against one of 1 000 users", "与 1 000 用户之比"}},
		rows: func(r *results) []row {
			return []row{{{"1 000 000 users", "1 000 000 用户"}, same(r.times("ManyUsers x-CPU"))}}
		},
	}
}

func tunnel() block {
	rows := []struct {
		name  string
		label text
	}{
		{"kept/1.1", text{"connection that is kept, HTTP/1.1", "复用连接，HTTP/1.1"}},
		{"kept/2", text{"connection that is kept, HTTP/2", "复用连接，HTTP/2"}},
		{"new/1.1", text{"new connection, HTTP/1.1", "新建连接，HTTP/1.1"}},
		{"new/anybody's", text{"new connection to `anybody` over TLS, HTTP/1.1", "与任何服务器新建 TLS 连接，HTTP/1.1"}},
		{"new/2", text{"new connection, HTTP/2", "新建连接，HTTP/2"}},
	}
	return block{
		name:     "tunnel",
		commands: []command{bench("^BenchmarkTunnel$", "./internal/stack", "-benchtime=20x")},
		head:     row{{"through the proxy, against plain HTTP", "经代理，与直接 HTTP 之比"}, {"time", "耗时"}, {"CPU", "CPU"}},
		rows: func(r *results) (all []row) {
			for _, c := range rows {
				all = append(all, row{c.label, same(r.times("Tunnel/" + c.name + " x-time")), same(r.times("Tunnel/" + c.name + " x-CPU"))})
			}
			return all
		},
	}
}

func start() block {
	return block{
		name:     "start",
		commands: []command{bench("^BenchmarkStart(Process|Population)$", "./internal/stack", "-benchtime=20x")},
		head:     row{{"`serve --mock`", "`serve --mock`"}, {"figure", "数据"}},
		rows: func(r *results) []row {
			return []row{
				{{"start of the process to its first answer, against a bare server's", "从启动到首个应答，与空服务器之比"}, same(r.times("StartProcess x-start"))},
				{{"memory when idle (VmRSS)", "空闲时内存（VmRSS）"}, same(digits(r.median("StartProcess MB-idle")) + " MB")},
				{{"ready with `--users 1000000`", "`--users 1000000` 就绪"}, same(digits(r.median("StartPopulation s-start")) + " s, " + digits(r.median("StartPopulation MB-idle")) + " MB")},
			}
		},
	}
}

func worldMemory() block {
	return block{
		name:     "world-memory",
		commands: []command{bench("Memory$", "./internal/world", "-benchtime=1x")},
		head:     row{{"memory", "内存"}, {"bytes", "字节"}},
		rows: func(r *results) []row {
			left := func(name string) text {
				live, gone := digits(r.median(name+" B/code")), digits(r.median(name+" B/expired-code"))
				return text{live + ", of which " + gone + " are left after its five minutes", live + "，五分钟过期后剩 " + gone}
			}
			return []row{
				{{"a user of the simulation who has logged in", "一个登录过的模拟用户"}, same(digits(r.median("UserMemory B/user")))},
				{{"the same with a phone number and a nickname", "同上，带手机号和昵称"}, same(digits(r.median("DescribedUserMemory B/user")))},
				{{"a live or used code", "一个有效或用过的 code"}, left("CodeMemory")},
				{{"a phone code", "一个手机号 code"}, left("PhoneCodeMemory")},
			}
		},
	}
}

func groupCommit() block {
	return block{
		name: "group-commit",
		commands: []command{
			bench("^BenchmarkSave$", "./internal/session/sqlite", "-benchtime=3s"),
			{args: []string{"-v", "-run=^TestSynced$", "./internal/session/sqlite"}, keep: map[string]string{
				"one": `: (\d+) syncs for (\d+) logins each of 1 goroutines`, "many": `: (\d+) syncs for (\d+) logins each of (\d\d+|[2-9]) goroutines`,
			}},
		},
		head: row{{"SQLite, `synchronous=FULL`", "SQLite，`synchronous=FULL`"}, {"logins a second", "每秒登录"}, {"against one at a time", "与逐个写入之比"}},
		rows: func(r *results) (rows []row) {
			one := r.median("Save/clients=1 logins/s")
			for _, clients := range []string{"1", "64", "256"} {
				rate := r.median("Save/clients=" + clients + " logins/s")
				rows = append(rows, row{{clients + " at a time", clients + " 个并发"}, same(digits(rate)), same(digits(rate/one) + " x")})
			}
			return append(rows,
				row{{r.kept("one", 1) + " logins of one goroutine, by strace", "一个协程的 " + r.kept("one", 1) + " 次登录（strace 统计）"}, {r.kept("one", 0) + " syncs", r.kept("one", 0) + " 次同步"}, same("")},
				row{{"as many of each of " + r.kept("many", 2) + " goroutines", r.kept("many", 2) + " 个协程各同样多次"}, {r.kept("many", 0) + " syncs", r.kept("many", 0) + " 次同步"}, same("")})
		},
	}
}

func stores() block {
	return block{
		name:     "stores",
		commands: []command{bench("^BenchmarkStores$", "./internal/stack", "-benchtime=20x")},
		head:     row{{"store", "存储"}, {"against the bare handler", "与空处理函数之比"}, {"logins a second", "每秒登录"}, {"slowest hundredth", "最慢的百分之一"}},
		rows: func(r *results) (rows []row) {
			for _, name := range []string{"memory", "sqlite", "redis"} {
				n := "Stores/" + name
				p99, times := digits(r.median(n+" ms-p99")), digits(r.median(n+" x-p99"))
				rows = append(rows, row{
					same(storeName(name)), same(r.times(n + " x-requests/s")), same(digits(r.median(n + " logins/s"))),
					{p99 + " ms, " + times + " x the bare handler's", p99 + " ms，空处理函数的 " + times + " 倍"},
				})
			}
			return rows
		},
	}
}

func storeName(name string) string {
	return map[string]string{"memory": "memory", "sqlite": "SQLite", "redis": "Redis"}[name]
}

func storeSizes() block {
	large := bench("^BenchmarkStoreSizes$", "./internal/stack", "-benchtime=40x")
	large.env = []string{"WXLOGIN_BENCH_SESSIONS=1000000"}
	return block{
		name: "store-sizes", commands: []command{large},
		head: row{{"store", "存储"}, {"a login at 1 000 000 sessions, against 1 000", "100 万个会话时的登录，与 1 000 个之比"}, {"bytes a session", "每会话字节"}},
		rows: func(r *results) (rows []row) {
			for _, name := range []string{"memory", "sqlite", "redis"} {
				rows = append(rows, row{same(storeName(name)), same(r.times("StoreSizes/" + name + " x-time")), same(digits(r.median("StoreSizes/" + name + " bytes/session")))})
			}
			return rows
		},
	}
}

func binary() block {
	return block{
		name: "binary",
		commands: []command{{
			args: []string{"-v", "-run=^(TestStartUp|TestBinary)$", "./internal/archtest"},
			keep: map[string]string{"init": `: (\d+) packages initialise in (\S+); the dearest is (\S+) with (\S+)`, "size": `: (\S+) MiB$`},
		}},
		head: row{{"the process", ""}, {"figure", ""}},
		rows: func(r *results) []row {
			return []row{
				{same("initialisation of all " + r.kept("init", 0) + " packages"), same(r.kept("init", 1))},
				{same("the dearest, `" + r.kept("init", 2) + "`"), same(strings.TrimSuffix(r.kept("init", 3), ","))},
				{same("size of the binary"), same(r.kept("size", 0) + " MiB")},
			}
		},
	}
}

func chaosRun() block {
	return block{
		name: "chaos",
		commands: []command{{
			env: []string{"WXLOGIN_CHAOS=60s", "WXLOGIN_CHAOS_SEED=42"}, args: []string{"-v", "-run=^TestChaos$", "./cmd"},
			keep: map[string]string{
				"did":      `seed (\d+): (\d+) logins, (\d+) contested codes with \d+ winners; servers killed (\d+) times, Redis restarted (\d+) and paused (\d+) times, (\d+) faults`,
				"answered": `: (\d+) answered 200 or 204, (\d+) refused as documented, (\d+) connections broken`,
			},
		}},
		head: row{{"60 s, seed 42", "60 秒，种子 42"}, {"how many", "次数"}},
		rows: func(r *results) []row {
			line := func(en, zh, name string, group int) row { return row{{en, zh}, same(r.kept(name, group))} }
			return []row{
				line("logins", "登录", "did", 1),
				line("contested codes, each with one winner at most", "被争抢的 code，各至多一个成功", "did", 2),
				line("servers killed", "被杀的服务器", "did", 3),
				line("Redis killed", "被杀的 Redis", "did", 4),
				line("Redis stopped for a while", "Redis 停顿", "did", 5),
				line("faults of WeChat", "微信故障", "did", 6),
				line("answers 200 or 204", "应答 200 或 204", "answered", 0),
				line("refused as documented", "按文档拒绝", "answered", 1),
				line("connections broken", "连接中断", "answered", 2),
				{{"broken promises", "违反的承诺"}, same("0")}, // one would fail the test, and this run
			}
		},
	}
}

func killedWriters() block {
	return block{
		name: "kills",
		commands: []command{{
			env: []string{"WXLOGIN_KILLS=200"}, args: []string{"-v", "-run=^TestKilled$", "./internal/session/sqlite"},
			keep: map[string]string{"kills": `: (\d+) processes killed, (\d+) logins and logouts acknowledged, none lost`},
		}},
		head: row{{"SQLite", "SQLite"}, {"figure", "数据"}},
		rows: func(r *results) []row {
			return []row{
				{{"processes killed with SIGKILL while eight goroutines wrote (`TestKilled`)", "在八个协程写入时被 SIGKILL 杀掉的进程（`TestKilled`）"}, same(r.kept("kills", 0))},
				{{"logins and logouts that they had acknowledged", "它们已经应答的登录和登出"}, same(r.kept("kills", 1))},
				{{"of these lost", "其中丢失的"}, same("0")},
				{{"`PRAGMA integrity_check` after each kill", "每次被杀之后的 `PRAGMA integrity_check`"}, {"ok, " + r.kept("kills", 0) + " times", r.kept("kills", 0) + " 次均为 ok"}},
			}
		},
	}
}

// diagnosing also compares a hundred thousand payloads of each kind with what was done to them, and rewrites docs/diagnoses-matrix.md.
func diagnosing() block {
	return block{
		name: "diagnosing",
		commands: []command{
			bench("^BenchmarkData$", "./internal/diagnose", "-benchtime=300x", "-count=5", "-cpu=1"),
			bench("^BenchmarkOpen$", "./internal/opendata", "-benchtime=300x", "-count=60", "-cpu=1"),
			{env: []string{"WXLOGIN_HONESTY=100000"}, args: []string{"-run=^(TestNoWrongVerdict|TestNoise)$", "./internal/diagnose"}},
			{args: []string{"-run=^TestMatrix$", "./internal/diagnose", "-update"}},
		},
		head: row{{"to diagnose one payload", "诊断一份数据"}, {"times the decryption of a good one", "解密正常数据的倍数"}, {"ms", "毫秒"}},
		rows: func(r *results) (rows []row) {
			for _, c := range []struct {
				name  string
				label text
			}{
				{"D36", text{"of another mini program", "属于别的小程序"}},
				{"D30", text{"wrong session_key", "session_key 不对"}},
				{"D01", text{"`+` became a blank", "`+` 变成了空格"}},
				{"D32", text{"wrong iv", "iv 不对"}},
				{"D34", text{"a block altered", "有分组被改动"}},
			} {
				ns := r.least("Data/" + c.name + " ns/op")
				label := text{c.label[0] + " (" + c.name + ")", c.label[1] + "（" + c.name + "）"}
				rows = append(rows, row{label, same(digits(ns/r.least("Open ns/op")) + " x"), same(digits(ns / 1e6))})
			}
			return rows
		},
	}
}
