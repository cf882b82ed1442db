package doctor

import (
	"context"
	"errors"
	"time"

	"github.com/wxlogin/wxlogin/internal/diagnose"
	"github.com/wxlogin/wxlogin/internal/lang"
	"github.com/wxlogin/wxlogin/internal/wechat"
	"github.com/wxlogin/wxlogin/internal/wxapi"
)

// The differences of clocks that matter. The header Date counts whole seconds, and a slow answer is a second late. A code lives five
// minutes, and a certificate begins at a moment.
const (
	skewFine = 30 * time.Second
	skewBad  = 2 * time.Minute
)

// weChat asks WeChat about the pair of appid and secret, and compares clocks.
func (x *examination) weChat(ctx context.Context) {
	switch {
	case x.Offline:
		x.skip(AreaWeChat, "credentials", textPairOffline)
		x.skip(AreaWeChat, "clock", textClockOffline)
		return
	case x.Config.AppID.Check() != nil || x.secret.IsZero():
		x.skip(AreaWeChat, "credentials", textNothingToAsk)
	case x.failed(AreaNetwork):
		x.skip(AreaWeChat, "credentials", textNobodyToAsk)
	default:
		x.credentials(ctx)
	}
	x.clock()
}

func (x *examination) failed(area Area) bool {
	for _, c := range x.checks {
		if c.Area == area && c.Level == Fail {
			return true
		}
	}
	return false
}

// credentials sends a code that was never issued. What WeChat says about it tells what it thinks of appid and secret, which it looks at
// first.
func (x *examination) credentials(ctx context.Context) {
	client, err := x.Client(x.Config.AppID, x.secret, func(t wxapi.Trace) {
		if !t.Date.IsZero() {
			x.date, x.seen = t.Date, x.Now()
		}
	})
	if err != nil {
		x.add(AreaWeChat, "credentials", Fail, textPlain.With(err), lang.Message{})
		return
	}
	defer client.Close()
	_, err = client.Code2Session(ctx, diagnose.NeverIssued())
	refusal, refused := errors.AsType[*wechat.Error](err)
	switch {
	case err == nil:
		x.add(AreaWeChat, "credentials", Warn, textAdopted.With(hostOf(x.Config.APIBase)), lang.Message{})
	case !refused:
		x.add(AreaWeChat, "credentials", Fail, textPlain.With(err), textFixSlow.With())
	case refusal.Code == wechat.CodeInvalidCode:
		x.ok(AreaWeChat, "credentials", textAccepted)
	case refusal.Code == wechat.CodeBusy || refusal.Code == wechat.CodeMinuteQuota || refusal.Code == wechat.CodeDailyQuota:
		x.add(AreaWeChat, "credentials", Warn, textNotNow.With(int(refusal.Code)), textFixLater.With())
	default:
		x.refused(refusal)
	}
}

func (x *examination) refused(refusal *wechat.Error) {
	message, fix := textRefused.With(int(refusal.Code), refusal.Msg), lang.Message{}
	if causes := diagnose.Refusal(diagnose.RefusalInput{ErrCode: refusal.Code, AppID: x.Config.AppID, Now: x.Now()}); len(causes) > 0 {
		message = textRefusedBecause.With(int(refusal.Code), causes[0].Verdict)
		fix = causes[0].Fix
	}
	x.add(AreaWeChat, "credentials", Fail, message, fix)
}

// clock compares this machine's with WeChat's.
func (x *examination) clock() {
	if x.date.IsZero() {
		x.skip(AreaWeChat, "clock", textNoDate)
		return
	}
	skew := x.seen.Sub(x.date)
	switch distance := skew.Abs(); {
	case distance > skewBad:
		x.add(AreaWeChat, "clock", Fail, skewText(skew), textFixClock.With())
	case distance > skewFine:
		x.add(AreaWeChat, "clock", Warn, skewText(skew), textFixClock.With())
	default:
		x.ok(AreaWeChat, "clock", textClockOK)
	}
}

func skewText(skew time.Duration) lang.Message {
	t := textAhead
	if skew < 0 {
		t = textBehind
	}
	return t.With(skew.Abs().Round(time.Second))
}

var (
	textPairOffline    = lang.T{En: "whether WeChat accepts appid and secret was not asked: --offline", Zh: "未向微信核实 appid 与 secret：--offline"}
	textClockOffline   = lang.T{En: "the clock was not compared with WeChat's: --offline", Zh: "未与微信比较时钟：--offline"}
	textNothingToAsk   = lang.T{En: "not asked: there is no appid and secret of the right form", Zh: "未检查：没有格式正确的 appid 和 secret"}
	textNobodyToAsk    = lang.T{En: "not asked: the API host cannot be reached", Zh: "未检查：无法连接接口地址"}
	textAccepted       = lang.T{En: "WeChat accepts this appid with this secret (a made-up code was refused as one, 40029)", Zh: "微信接受该 appid 与 secret（仅以 40029 拒绝了虚构的 code）"}
	textAdopted        = lang.T{En: "%s accepts any code: it is a mock that runs with --adopt", Zh: "%s 接受任何 code：它是带 --adopt 的模拟服务"}
	textNotNow         = lang.T{En: "WeChat does not tell now (errcode %d)", Zh: "微信暂时没有给出结果（errcode %d）"}
	textFixLater       = lang.T{En: "try again in a minute", Zh: "一分钟后重试"}
	textRefused        = lang.T{En: "WeChat refuses with errcode %d: %s", Zh: "微信返回 errcode %d：%s"}
	textRefusedBecause = lang.T{En: "WeChat refuses with errcode %d: %v", Zh: "微信返回 errcode %d：%v"}
	textNoDate         = lang.T{En: "not compared: there is no answer with a date", Zh: "未比较：没有带日期的响应"}
	textClockOK        = lang.T{En: "this machine's clock agrees with WeChat's", Zh: "本机时钟与微信一致"}
	textAhead          = lang.T{En: "this machine's clock is %v ahead of WeChat's", Zh: "本机时钟比微信快 %v"}
	textBehind         = lang.T{En: "this machine's clock is %v behind WeChat's", Zh: "本机时钟比微信慢 %v"}
	textFixClock       = lang.T{En: "set the clock (timedatectl set-ntp true); the age of codes, tokens and watermarks is reckoned by it", Zh: "校准时钟（timedatectl set-ntp true）：code、令牌和水印的时效都按它计算"}
)
