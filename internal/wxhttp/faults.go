package wxhttp

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/wxlogin/wxlogin/internal/journal"
	"github.com/wxlogin/wxlogin/internal/lang"
	"github.com/wxlogin/wxlogin/internal/wechat"
	"github.com/wxlogin/wxlogin/internal/world"
)

// APIs lists the names of the endpoints that are simulated, as faults, the journal and assertions call them.
func APIs() []string {
	var names []string
	for _, a := range new(handler).weChat() {
		names = append(names, a.name)
	}
	return names
}

// faultRequest has the flags of `wxlogin mock fault add`.
type faultRequest struct {
	On      string       `json:"on"`
	AppID   wechat.AppID `json:"appid"`
	User    string       `json:"user"`
	Code    wechat.Code  `json:"code"`
	Every   int          `json:"every"`
	Percent int          `json:"percent"`
	Times   int          `json:"times"`
	After   int          `json:"after"`
	For     string       `json:"for"` // a Go duration
	Effect  string       `json:"effect"`
}

// faultAnswer is a fault as it stands. What it does not ask for is absent.
type faultAnswer struct {
	ID       string       `json:"id"`
	On       string       `json:"on,omitempty"`
	AppID    wechat.AppID `json:"appid,omitempty"`
	User     string       `json:"user,omitempty"`
	Code     wechat.Code  `json:"code,omitempty"`
	Every    int          `json:"every,omitempty"`
	Percent  int          `json:"percent,omitempty"`
	Times    int          `json:"times,omitempty"`
	After    int          `json:"after,omitempty"`
	Until    *time.Time   `json:"until,omitempty"` // on the simulation's clock
	Effect   world.Effect `json:"effect"`
	Scenario string       `json:"scenario,omitempty"`
	Matched  uint64       `json:"matched"`
	Applied  uint64       `json:"applied"`
}

func toAnswer(r world.FaultReport) faultAnswer {
	a := faultAnswer{
		ID: r.ID, On: r.On, AppID: r.AppID, User: r.User, Code: r.Code, Every: r.Every, Percent: r.Percent, Times: r.Times, After: r.After,
		Effect: r.Effect, Scenario: r.Scenario, Matched: r.Matched, Applied: r.Applied,
	}
	if !r.Until.IsZero() {
		until := r.Until.Truncate(time.Second)
		a.Until = &until
	}
	return a
}

func toAnswers(reports []world.FaultReport) []faultAnswer {
	answers := make([]faultAnswer, len(reports)) // an empty list is [], not null
	for i, r := range reports {
		answers[i] = toAnswer(r)
	}
	return answers
}

type faultsAnswer struct {
	Faults []faultAnswer `json:"faults"`
}

func (h *handler) listFaults(*http.Request) (any, error) {
	return faultsAnswer{toAnswers(h.world.Faults())}, nil
}

func (h *handler) addFault(r *http.Request, in faultRequest) (any, error) {
	record := journal.From(r.Context())
	record.AppID, record.User = journalled(string(in.AppID)), wechat.Shown(in.User, maxJournalledUser)
	if in.On != "" && !slices.Contains(APIs(), in.On) {
		return nil, badRequest("there is no API %q; there are %s", wechat.Shown(in.On, 40), strings.Join(APIs(), ", "))
	}
	fault := world.Fault{
		On: in.On, AppID: in.AppID, User: in.User, Code: in.Code, Every: in.Every, Percent: in.Percent, Times: in.Times, After: in.After,
	}
	var err error
	if fault.Effect, err = world.ParseEffect(in.Effect); err != nil {
		return nil, err
	}
	if in.For != "" {
		if fault.For, err = time.ParseDuration(in.For); err != nil || fault.For <= 0 {
			return nil, badRequest("%q is not a duration such as 90s or 1h", wechat.Shown(in.For, 40))
		}
	}
	report, err := h.world.AddFault(fault)
	if err != nil {
		return nil, err
	}
	return toAnswer(report), nil
}

// faultRemoval names one fault, the faults of an app, or, empty, all faults.
type faultRemoval struct {
	ID    string       `json:"id"`
	AppID wechat.AppID `json:"appid"`
}

type removedAnswer struct {
	Removed int `json:"removed"`
}

func (h *handler) removeFaults(r *http.Request, in faultRemoval) (any, error) {
	journal.From(r.Context()).AppID = journalled(string(in.AppID))
	switch {
	case in.ID != "" && in.AppID != "":
		return nil, badRequest(`give either "id" or "appid", or neither for all faults`)
	case in.ID == "":
		return removedAnswer{h.world.ClearFaults(in.AppID)}, nil
	case !h.world.RemoveFault(in.ID):
		return nil, &requestError{
			status: http.StatusNotFound, reason: reasonUnknownFault, detail: fmt.Sprintf("there is no fault %q", wechat.Shown(in.ID, 40)),
		}
	}
	return removedAnswer{1}, nil
}

// reasonUnknownFault is the reason of the problem that there is no such fault.
const reasonUnknownFault = "unknown_fault"

type scenarioAnswer struct {
	Name    string         `json:"name"`
	Text    bilingual      `json:"text"`
	AppID   wechat.AppID   `json:"appid,omitempty"`
	Faults  *[]faultAnswer `json:"faults,omitempty"`  // of one that was started
	Effects []string       `json:"effects,omitempty"` // of one that is listed
}

// bilingual is a text in the languages that there are: who reads it is not known here.
type bilingual struct {
	En string `json:"en"`
	Zh string `json:"zh"`
}

type scenariosAnswer struct {
	Scenarios []scenarioAnswer `json:"scenarios"`
}

func (h *handler) listScenarios(*http.Request) (any, error) {
	var out scenariosAnswer
	for _, s := range world.Scenarios() {
		one := scenarioAnswer{Name: s.Name, Text: bilingual(s.Text)}
		for _, f := range s.Faults {
			one.Effects = append(one.Effects, f.Effect.String())
		}
		out.Scenarios = append(out.Scenarios, one)
	}
	return out, nil
}

type scenarioRequest struct {
	Name  string       `json:"name"`
	AppID wechat.AppID `json:"appid"`
}

func (h *handler) startScenario(r *http.Request, in scenarioRequest) (any, error) {
	journal.From(r.Context()).AppID = journalled(string(in.AppID))
	reports, err := h.world.StartScenario(in.Name, in.AppID)
	if err != nil {
		return nil, err
	}
	faults := toAnswers(reports)
	out := scenarioAnswer{Name: in.Name, AppID: in.AppID, Faults: &faults}
	for _, s := range world.Scenarios() {
		if s.Name == in.Name {
			out.Text = bilingual(s.Text)
		}
	}
	return out, nil
}

// What there is to know of these routes.
var (
	fieldFaultApp = fieldDoc{"appid", lang.T{En: "only this mini program; absent: each one, counted for itself", Zh: "只对这个小程序；缺省则对每个小程序，各自计数"}}

	docListFaults = routeDoc{
		text: lang.T{
			En: "The faults, in the order in which they were added. matched counts the calls that a fault looked at, applied those that it struck.",
			Zh: "按添加顺序列出故障。matched 是符合条件的调用数，applied 是实际受影响的调用数。",
		},
		before: []string{`POST /_mock/faults {"on":"jscode2session","effect":"errcode:45011"}`}, examples: []string{""},
	}
	docAddFault = routeDoc{
		text: lang.T{
			En: "Adds a fault: calls that match it have its effect. Of the calls that match, the first after are spared; of the others every n-th is taken, of those the percentage, until times is reached. Several faults may strike one call.",
			Zh: "添加故障：符合条件的调用会受其影响。在符合条件的调用中，先放过前 after 次，其余每 every 次取一次，再按 percent 抽取，直到达到 times 次。一次调用可以同时受多个故障影响。",
		},
		fields: []fieldDoc{
			{"on", lang.T{En: "the API, such as jscode2session; absent: every one", Zh: "接口名，例如 jscode2session；缺省为全部"}},
			fieldFaultApp,
			{"user", lang.T{En: "only calls about this user", Zh: "只对涉及该用户的调用"}},
			{"code", lang.T{En: "only calls with exactly this code", Zh: "只对使用该 code 的调用"}},
			{"every", lang.T{En: "3: the third, the sixth, ...", Zh: "3 表示第 3、6、9…… 次"}},
			{"percent", lang.T{En: "1 to 100, drawn from the seed", Zh: "1 到 100，由种子决定抽取结果"}},
			{"times", lang.T{En: "so many times at most", Zh: "最多生效若干次"}},
			{"after", lang.T{En: "spare so many calls first", Zh: "先放过若干次调用"}},
			{"for", lang.T{En: "a duration on the simulation's clock, after which the fault is over", Zh: "一段时长（按模拟时钟），之后故障结束"}},
			{"effect", lang.T{En: "what happens: see wxlogin help mock", Zh: "故障的效果，参见 wxlogin help mock"}},
		},
		examples: []string{`{"on":"jscode2session","effect":"errcode:45011"}`, `{"every":3,"times":2,"for":"1h","effect":"consume-then:502"}`},
	}
	docRemoveFaults = routeDoc{
		text: lang.T{
			En: "Removes one fault, those of one mini program, or all of them. What a fault did lastingly ends with it.",
			Zh: "移除一个故障、某个小程序的故障，或全部故障。故障造成的持续影响随之结束。",
		},
		fields: []fieldDoc{
			{"id", lang.T{En: "this fault", Zh: "指定故障"}},
			{"appid", lang.T{En: "the faults of this mini program", Zh: "该小程序的故障"}},
		},
		before: []string{`POST /_mock/faults {"effect":"hang"}`}, examples: []string{`{"id":"f1"}`, `{}`},
	}
	docListScenarios = routeDoc{
		text: lang.T{
			En: "The scenarios: stories that happen to mini programs, each a bundle of faults.",
			Zh: "场景：小程序常遇到的状况，每个场景是一组故障。",
		},
		examples: []string{""},
	}
	docStartScenario = routeDoc{
		text: lang.T{
			En: "Adds the faults of a scenario. A run of the same one for the same mini program ends first; DELETE /_mock/faults ends this one.",
			Zh: "添加场景中的故障；同一小程序正在进行的同名场景会先结束。用 DELETE /_mock/faults 结束。",
		},
		fields:   []fieldDoc{{"name", lang.T{En: "the scenario", Zh: "场景名"}}, fieldFaultApp},
		examples: []string{`{"name":"busy-minute"}`},
	}
)
