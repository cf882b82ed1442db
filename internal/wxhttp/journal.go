package wxhttp

import (
	"net/http"
	"strconv"
	"time"

	"github.com/wxlogin/wxlogin/internal/journal"
	"github.com/wxlogin/wxlogin/internal/lang"
	"github.com/wxlogin/wxlogin/internal/wechat"
)

// maxSeen is how many calls an assertion that does not hold shows: what fits a screen.
const maxSeen = 20

// maxShown is in characters: a path of an API.
const maxShown = 200

// followerLimit is how long a follower of the journal may leave a record unread before it is taken for dead.
const followerLimit = time.Minute

// journalRequest says which records are wanted; what is absent wants all.
type journalRequest struct {
	Since  uint64       `json:"since"`
	On     string       `json:"on"`
	AppID  wechat.AppID `json:"appid"`
	User   string       `json:"user"`
	Failed bool         `json:"failed"`
	Limit  int          `json:"limit"`
}

func (in journalRequest) filter() *journal.Filter {
	return &journal.Filter{On: in.On, AppID: string(in.AppID), User: in.User, Failed: in.Failed}
}

type journalAnswer struct {
	Records []journal.Record `json:"records"`
	Mark    uint64           `json:"mark"`
	Evicted uint64           `json:"evicted"`
}

func (h *handler) readJournal(_ *http.Request, in journalRequest) (any, error) {
	view := h.Journal.Since(in.Since)
	return journalAnswer{Records: in.filter().Select(view.Records, in.Limit), Mark: view.Mark, Evicted: view.Evicted}, nil
}

// streamJournal writes what there is and then what comes, a line each, until the caller goes or the server stops.
func (h *handler) streamJournal(w http.ResponseWriter, r *http.Request, in journalRequest) error {
	wanted := in.filter()
	view := h.Journal.Since(in.Since)
	out := newLines(w)
	if view.Evicted > 0 && !out.missed(view.Evicted) {
		return nil
	}
	for _, record := range wanted.Select(view.Records, in.Limit) {
		if !out.record(&record) {
			return nil
		}
	}
	out.flush() // the caller learns that it is heard, though nothing may happen for long
	for record, missed := range h.Journal.Follow(r.Context(), view.Mark) {
		if missed > 0 && !out.missed(missed) {
			return nil
		}
		if !wanted.Match(&record) {
			continue
		}
		if !out.record(&record) || !out.flush() {
			return nil
		}
	}
	return nil
}

// lines is an answer of NDJSON without an end. Its methods report whether the caller is still there.
type lines struct {
	w    http.ResponseWriter
	ctl  *http.ResponseController
	line []byte
}

// newLines begins the answer. The deadlines of the server are for calls that end; a stream gets a new one with each flush.
func newLines(w http.ResponseWriter) *lines {
	header := w.Header()
	header.Set("Content-Type", "application/x-ndjson")
	header.Set("Cache-Control", "no-store")
	l := &lines{w: w, ctl: http.NewResponseController(w)}
	_ = l.ctl.SetReadDeadline(time.Time{}) // a writer that has no deadlines needs none lifted
	_ = l.ctl.SetWriteDeadline(time.Now().Add(followerLimit))
	return l
}

func (l *lines) record(r *journal.Record) bool {
	var err error
	if l.line, err = r.AppendLine(l.line[:0]); err != nil {
		return false
	}
	_, err = l.w.Write(l.line)
	return err == nil
}

// missed tells a slow follower how many records it will never see.
func (l *lines) missed(n uint64) bool {
	l.line = append(strconv.AppendUint(append(l.line[:0], `{"missed":`...), n, 10), "}\n"...)
	_, err := l.w.Write(l.line)
	return err == nil
}

func (l *lines) flush() bool {
	_ = l.ctl.SetWriteDeadline(time.Now().Add(followerLimit)) // as in newLines
	return l.ctl.Flush() == nil
}

// assertRequest says which calls are counted, and how many there should be: count, or a bound or two.
type assertRequest struct {
	On      string       `json:"on"`
	AppID   wechat.AppID `json:"appid,omitempty"`
	User    string       `json:"user,omitempty"`
	ErrCode *int         `json:"errcode,omitempty"`
	Since   uint64       `json:"since,omitempty"`
	Count   *int         `json:"count,omitempty"`
	AtLeast *int         `json:"at_least,omitempty"`
	AtMost  *int         `json:"at_most,omitempty"`
}

type assertAnswer struct {
	OK      bool             `json:"ok"`
	Want    assertRequest    `json:"want"`
	Got     int              `json:"got"`
	Seen    []journal.Record `json:"seen"` // the newest calls since the mark, of that app; those that were counted and others
	Evicted uint64           `json:"evicted"`
	Mark    uint64           `json:"mark"`
}

// assert counts calls. Records that were evicted may have been among them: then only a lower bound can be known to hold.
func (h *handler) assert(_ *http.Request, in assertRequest) (any, error) {
	if err := in.check(); err != nil {
		return nil, err
	}
	view := h.Journal.Since(in.Since)
	counted := journal.Filter{On: in.On, AppID: string(in.AppID), User: in.User, ErrCode: in.ErrCode}
	around := journal.Filter{AppID: string(in.AppID)}
	out := assertAnswer{
		Want: in.shown(), Got: len(counted.Select(view.Records, 0)), Seen: around.Select(view.Records, maxSeen),
		Evicted: view.Evicted, Mark: view.Mark,
	}
	least, most, bounded := in.bounds()
	out.OK = out.Got >= least && (!bounded || out.Got <= most && view.Evicted == 0)
	return out, nil
}

// shown is the question as the answer repeats it: what looks like a secret is only hinted at.
func (in assertRequest) shown() assertRequest {
	in.On, in.AppID, in.User = wechat.Shown(in.On, maxShown), wechat.AppID(wechat.Shown(string(in.AppID), maxShown)), wechat.Shown(in.User, maxShown)
	return in
}

func (in assertRequest) check() error {
	if in.On == "" {
		return badRequest(`give "on": the API that is counted, such as "jscode2session"`)
	}
	if in.Count == nil && in.AtLeast == nil && in.AtMost == nil {
		return badRequest(`give "count", "at_least" or "at_most"`)
	}
	if in.Count != nil && (in.AtLeast != nil || in.AtMost != nil) {
		return badRequest(`"count" is exact and goes without "at_least" and "at_most"`)
	}
	for _, number := range []*int{in.Count, in.AtLeast, in.AtMost} {
		if number != nil && *number < 0 {
			return badRequest("a number of calls is not negative")
		}
	}
	if in.AtLeast != nil && in.AtMost != nil && *in.AtLeast > *in.AtMost {
		return badRequest(`"at_least" is more than "at_most"`)
	}
	return nil
}

// bounds are inclusive; without bounded there is no most.
func (in assertRequest) bounds() (least, most int, bounded bool) {
	if in.Count != nil {
		return *in.Count, *in.Count, true
	}
	if in.AtLeast != nil {
		least = *in.AtLeast
	}
	if in.AtMost != nil {
		return least, *in.AtMost, true
	}
	return least, 0, false
}

// stream serves a route whose answer goes on: it writes for itself once its query is read.
func stream[T any](answer func(http.ResponseWriter, *http.Request, T) error) endpoint {
	route := query(func(*http.Request, T) (any, error) { return nil, nil })
	route.endless = true
	route.serve = func(w http.ResponseWriter, r *http.Request) {
		var in T
		err := readQuery(r.URL.RawQuery, &in)
		if err == nil {
			err = answer(w, r, in)
		}
		if err != nil {
			failed(w, r, err)
		}
	}
	return route
}

// fieldsOfCalls are what [journalRequest] and [assertRequest] share.
var (
	fieldOn    = fieldDoc{"on", lang.T{En: "name of an API, such as jscode2session or onLogin, or a path; unknown is what is not simulated", Zh: "接口名，例如 jscode2session、onLogin，也可以是路径；unknown 表示未模拟的接口"}}
	fieldApp   = fieldDoc{"appid", lang.T{En: "only calls of this mini program", Zh: "只看这个小程序的调用"}}
	fieldUser  = fieldDoc{"user", lang.T{En: "only calls of this simulated user", Zh: "只看这个模拟用户的调用"}}
	fieldSince = fieldDoc{"since", lang.T{En: "a mark: only what came after it", Zh: "标记：只看其后的调用"}}

	fieldsJournal = []fieldDoc{
		fieldSince, fieldOn, fieldApp, fieldUser,
		{"failed", lang.T{En: "1: only calls that failed: an errcode, a status of 400 or more, a connection cut", Zh: "1：只看失败的调用，即有 errcode、状态码不低于 400、连接被切断"}},
		{"limit", lang.T{En: "only so many, the newest", Zh: "只要最新的若干条"}},
	}

	// aCall is a call to show. Its code is nobody's.
	aCall = "GET /sns/jscode2session?appid=wx0123456789abcdef&secret=0123456789abcdef0123456789abcdef&js_code=091nEh0w3hQnpZ2mRR1w3RMPYk0nEh0S&grant_type=authorization_code"

	docJournal = routeDoc{
		text: lang.T{
			En: "The calls to the simulated WeChat and to the login API, oldest first. Nothing in them is secret: of a query only appid and grant_type are shown, and the first characters of a code. The journal keeps 1000 records unless serve --journal-size says otherwise; evicted counts those after since that had to go. mark is what the next since takes. Calls under /_mock/ and to /healthz, /readyz and /metrics are not in it: looking must not change what is seen.",
			Zh: "对模拟微信和登录接口的调用，最早的在前。其中没有机密：查询参数只显示 appid、grant_type 以及 code 的前几个字符。默认保留 1000 条，可用 serve --journal-size 调整；evicted 是 since 之后被挤掉的条数，mark 供下一次作为 since 使用。/_mock/、/healthz、/readyz、/metrics 的请求不在其中：观察不应改变所观察的内容。",
		},
		fields: fieldsJournal, before: []string{aCall}, examples: []string{"", "failed=1&limit=1"},
	}
	docJournalStream = routeDoc{
		text: lang.T{
			En: "The same records as lines of JSON, first those that there are, then each as it comes, until the caller or the server ends it. A follower that is too slow gets a line {\"missed\":N} where N records were evicted unseen.",
			Zh: "同样的记录，每行一个 JSON 对象：先给出已有的，之后随到随发，直到调用方或服务器结束。跟不上的一方会收到一行 {\"missed\":N}，表示有 N 条未读即被挤掉。",
		},
		fields: fieldsJournal, before: []string{aCall}, examples: []string{""},
	}
	docAssert = routeDoc{
		text: lang.T{
			En: "Counts calls and says whether there were as many as wanted. seen are the newest calls of that app since the mark, whether counted or not. Where records were evicted, count and at_most cannot hold: nobody knows.",
			Zh: "统计调用次数，并说明是否符合期望。seen 是标记之后该小程序最新的调用，无论是否计入。如有记录被挤掉，count 和 at_most 都不成立，因为无从得知。",
		},
		fields: []fieldDoc{
			fieldOn, fieldApp, fieldUser,
			{"errcode", lang.T{En: "only answers of this errcode; 0 is success", Zh: "只计这个 errcode 的应答，0 表示成功"}},
			fieldSince,
			{"count", lang.T{En: "exactly so many", Zh: "恰好若干次"}},
			{"at_least", lang.T{En: "so many or more", Zh: "至少若干次"}},
			{"at_most", lang.T{En: "so many or fewer", Zh: "至多若干次"}},
		},
		before: []string{aCall}, examples: []string{`{"on":"jscode2session","count":1}`, `{"on":"jscode2session","errcode":0,"at_least":1}`},
	}
)
