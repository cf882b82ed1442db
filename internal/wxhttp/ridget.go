package wxhttp

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/wxlogin/wxlogin/internal/wechat"
	"github.com/wxlogin/wxlogin/internal/world"
)

// ridLife is how long WeChat answers for a request id, by its documentation.
const ridLife = 7 * 24 * time.Hour

// ridGet is getRidInfo: what became of an earlier call of the same app that was refused. Texts and errcodes are those of the documentation
// (developers.weixin.qq.com/doc/oplatform, read in November 2026), which has two numbers for a rid of more than seven days; 76004 stands in
// the table of errcodes. A rid from before that is told by its first group, the time; that calls without a valid appid are not found was
// reported.
//
// The simulation remembers its newest refusals only, parameters that are secret masked, and no bodies of requests: request_body is
// always empty.
func (h *handler) ridGet(_ *call, caller world.Caller, o object) answer {
	rid, given, ok := o.text("rid")
	seconds, shaped := ridTime(rid)
	if !given || !ok || !shaped {
		return answer{refusal: h.world.Refuse(wechat.CodeRIDMalformed, "rid is error", "no rid in the JSON body, or a malformed one")}
	}
	if h.world.Clock().Now().Sub(time.Unix(seconds, 0)) > ridLife {
		return answer{refusal: h.world.Refuse(wechat.CodeRIDTooOld, "rid time is error", "rid is older than seven days")}
	}
	found, ok := h.rids.find(rid)
	switch {
	case !ok:
		reason := fmt.Sprintf("not among the last %d refusals of calls with a valid appid", maxRIDs)
		return answer{refusal: h.world.Refuse(wechat.CodeRIDNotFound, "rid not found", reason)}
	case found.app != caller.App():
		reason := "rid of a call by " + string(found.app)
		return answer{refusal: h.world.Refuse(wechat.CodeRIDForeign, "could not query this rid,no permission", reason)}
	case found.sns:
		return answer{refusal: h.world.Refuse(wechat.CodeRIDOfSNS, "could not use this cgi_path，no permission", "rid of a call under /sns/")}
	}
	body := make([]byte, 0, 512)
	body = append(body, `{"errcode":0,"errmsg":"ok","request":{"invoke_time":`...)
	body = strconv.AppendInt(body, found.at, 10)
	body = append(body, `,"cost_in_ms":`...)
	body = strconv.AppendInt(body, found.cost.Milliseconds(), 10)
	body = append(body, `,"request_url":`...)
	body = append(body, quoted(found.query)...)
	body = append(body, `,"request_body":"","response_body":`...)
	body = append(body, quoted(found.answer)...)
	body = append(body, `,"client_ip":`...)
	body = append(body, quoted(found.client)...)
	return answer{body: append(body, `}}`...)}
}

// ridTime reads the time in a rid, in seconds since 1970.
func ridTime(rid string) (seconds int64, ok bool) {
	const group = 8
	groups := strings.Split(rid, "-")
	if len(groups) != 3 || rid != strings.ToLower(rid) {
		return 0, false
	}
	for i := range groups {
		n, err := strconv.ParseUint(groups[2-i], 16, 32)
		if len(groups[2-i]) != group || err != nil {
			return 0, false
		}
		seconds = int64(n) // ends with the first group
	}
	return seconds, true
}

// quoted is a JSON string that escapes what it must and nothing else.
func quoted(text string) []byte {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(text) // a string always encodes
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}
