package loginhttp

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/wxlogin/wxlogin/internal/accesstoken"
	"github.com/wxlogin/wxlogin/internal/login"
	"github.com/wxlogin/wxlogin/internal/problem"
	"github.com/wxlogin/wxlogin/internal/wechat"
	"github.com/wxlogin/wxlogin/internal/wxapi"
)

// The reasons: what a mini program does next.
const (
	reasonBadRequest    = "bad_request"   // fix the request
	reasonLoginAgain    = "login_again"   // call wx.login, send the new code
	reasonBlocked       = "blocked"       // tell the user; do not retry
	reasonTryLater      = "try_later"     // wait for Retry-After
	reasonMisconfigured = "misconfigured" // the server's owner must act
	reasonTapAgain      = "tap_again"     // let the user tap the phone button again, send the new code
)

// The waits that Retry-After asks for.
const (
	waitMinute = time.Minute     // WeChat's 45011 counts by the minute
	waitDay    = time.Hour       // 45009 lasts until midnight in China; asking hourly is often enough
	waitBusy   = 2 * time.Second // WeChat asks for a moment on -1
)

// failure is a problem and how long to wait before trying again.
type failure struct {
	problem.Problem
	RetryAfter time.Duration
}

// errNoToken is the absence of a bearer token.
var errNoToken = errors.New("no bearer token in the Authorization header")

// requestError is a request that this server does not understand. Its text is for the client.
type requestError struct {
	status int
	detail string
}

func (e *requestError) Error() string { return e.detail }

func badRequest(detail string) error { return &requestError{http.StatusBadRequest, detail} }

func bodyError(err error) error {
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return &requestError{http.StatusRequestEntityTooLarge, fmt.Sprintf("the body is larger than %d KiB", maxBody>>10)}
	}
	return badRequest("the body could not be read")
}

func methodNotAllowed(method, path string, methods []string) problem.Problem {
	return problem.Problem{
		Title:  "method not allowed",
		Status: http.StatusMethodNotAllowed,
		Detail: fmt.Sprintf("%s takes %s, not %s", path, strings.Join(methods, " or "), method),
		Reason: reasonBadRequest,
	}
}

// problemOf maps every error to its answer (design: "the map is total"; docs/login-api.md shows it as a table).
func problemOf(err error) failure {
	if e, ok := errors.AsType[*requestError](err); ok {
		return newFailure(e.status, reasonBadRequest, "malformed request", e.detail)
	}
	if e, ok := errors.AsType[*login.PhoneError](err); ok {
		return phoneProblem(e.Err)
	}
	if e, ok := errors.AsType[*wechat.Error](err); ok {
		return refusedByWeChat(e)
	}
	if e, ok := errors.AsType[*wxapi.TransportError](err); ok {
		if e.Sent {
			return newFailure(http.StatusGatewayTimeout, reasonLoginAgain, "no answer from WeChat",
				"WeChat did not answer; the code may be spent, so call wx.login for a new one")
		}
		return later(http.StatusServiceUnavailable, waitBusy, "WeChat cannot be reached", "nothing was sent, the code is still good; try again")
	}
	if _, ok := errors.AsType[*wxapi.AnswerError](err); ok {
		return later(http.StatusBadGateway, waitBusy, "WeChat's answer makes no sense", "something between this server and WeChat answered in its place; call wx.login and try again later")
	}
	if _, ok := errors.AsType[*login.DataError](err); ok {
		return newFailure(http.StatusUnprocessableEntity, reasonLoginAgain, "data refused",
			"the data does not decrypt or verify under the user's current session key; call wx.login first, then ask for the data again")
	}
	if e, ok := errors.AsType[*login.TokenError](err); ok {
		return newFailure(http.StatusUnauthorized, reasonLoginAgain, "token refused", "the login token is "+verdictWords(e.Verdict)+"; call wx.login")
	}
	return ownProblem(err)
}

// phoneProblem maps what goes wrong on the way to a phone number. A code that is spent or refused wants another tap, and no login; all
// that is not about the code is as it is for a login.
func phoneProblem(err error) failure {
	if refusal, ok := errors.AsType[*wechat.Error](err); ok && refusal.Code == wechat.CodeInvalidCode {
		f := newFailure(http.StatusUnprocessableEntity, reasonTapAgain, "phone code not valid",
			"WeChat does not accept the code: used, expired, of another user, or a code of wx.login; let the user tap the button again")
		f.ErrCode, f.RID = int(refusal.Code), refusal.RID
		return f
	}
	if e, ok := errors.AsType[*wxapi.TransportError](err); ok {
		if e.CodeMayBeConsumed() {
			return newFailure(http.StatusGatewayTimeout, reasonTapAgain, "no answer from WeChat",
				"WeChat did not answer; the code may be spent, so let the user tap the button again")
		}
		return later(http.StatusServiceUnavailable, waitBusy, "WeChat cannot be reached", "the code was not sent, it is still good; try again")
	}
	if e, ok := errors.AsType[*wxapi.AnswerError](err); ok && e.CodeMayBeConsumed() {
		return later(http.StatusBadGateway, waitBusy, "WeChat's answer makes no sense",
			"something between this server and WeChat answered in its place; let the user tap the button again, later")
	}
	if _, ok := errors.AsType[*wxapi.AnswerError](err); ok {
		return later(http.StatusBadGateway, waitBusy, "WeChat's answer makes no sense", "the code was not sent, it is still good; try again later")
	}
	if _, ok := errors.AsType[*accesstoken.StoreError](err); ok {
		return later(http.StatusServiceUnavailable, waitBusy, "session store unavailable", "the code was not sent, it is still good; try again later")
	}
	if errors.Is(err, login.ErrCodeInFlight) {
		return newFailure(http.StatusUnprocessableEntity, reasonTapAgain, "code already in use", "another request is exchanging this code; each code works once")
	}
	return problemOf(err)
}

// ownProblem maps what is wrong with the request's state, and what is wrong with this server.
func ownProblem(err error) failure {
	_, store := errors.AsType[*login.StoreError](err)
	switch {
	case errors.Is(err, login.ErrNoCode):
		return newFailure(http.StatusBadRequest, reasonBadRequest, "missing code",
			`send the code of wx.login, or of the phone button, as ?code=, as a form field "code" or as JSON {"code":"…"}`)
	case errors.Is(err, login.ErrCodeInFlight):
		return newFailure(http.StatusUnauthorized, reasonLoginAgain, "code already in use", "another request is exchanging this code; each code works once")
	case errors.Is(err, errNoToken):
		return newFailure(http.StatusUnauthorized, reasonLoginAgain, "missing token", "send the token of /onLogin as Authorization: Bearer")
	case errors.Is(err, login.ErrNoSession):
		return newFailure(http.StatusUnauthorized, reasonLoginAgain, "session expired", "there is no live session for this user; call wx.login")
	case store:
		return later(http.StatusServiceUnavailable, waitBusy, "session store unavailable", "the server could not reach its session store; call wx.login and try again later")
	}
	return later(http.StatusInternalServerError, waitBusy, "internal error", "the server's log has the cause")
}

// refusedByWeChat maps WeChat's errcodes. What is not named here blames the request's app, secret, token or permission, or is
// unknown; both are the server's owner's to solve.
func refusedByWeChat(e *wechat.Error) failure {
	f := newFailure(http.StatusInternalServerError, reasonMisconfigured, "WeChat refused this server's credentials",
		"the owner of this server has to look at its log")
	switch e.Code {
	case wechat.CodeInvalidCode:
		f = newFailure(http.StatusUnauthorized, reasonLoginAgain, "code not valid", "WeChat does not accept the code: expired, mangled, or of another app; call wx.login")
	case wechat.CodeUsed:
		f = newFailure(http.StatusUnauthorized, reasonLoginAgain, "code already used", "each code works once; call wx.login for a new one")
	case wechat.CodeBlocked:
		f = newFailure(http.StatusForbidden, reasonBlocked, "user blocked by WeChat", "WeChat's risk control refuses this user; do not retry")
	case wechat.CodeBusy:
		f = later(http.StatusServiceUnavailable, waitBusy, "WeChat is busy", "the code is still good; try again in a moment")
	case wechat.CodeMinuteQuota:
		f = later(http.StatusTooManyRequests, waitMinute, "too many logins of this user", "WeChat counts by the minute; wait before the next login")
	case wechat.CodeDailyQuota:
		f = later(http.StatusTooManyRequests, waitDay, "WeChat's daily quota is used up", "the owner of this server has to look at its quota")
	}
	f.ErrCode, f.RID = int(e.Code), e.RID
	return f
}

func newFailure(status int, reason, title, detail string) failure {
	return failure{Problem: problem.Problem{Title: title, Status: status, Detail: detail, Reason: reason}}
}

func later(status int, wait time.Duration, title, detail string) failure {
	f := newFailure(status, reasonTryLater, title, detail)
	f.RetryAfter = wait
	return f
}

func retryAfter(wait time.Duration) string { return strconv.Itoa(int(wait / time.Second)) }

// verdictWords says a verdict as the client may know it.
func verdictWords(v login.Verdict) string {
	switch v {
	case login.Expired:
		return "expired"
	case login.Revoked:
		return "revoked"
	}
	return "not one of this server's"
}

// Outcome is how GET /session answers to a token that was judged so: 200, or a refusal with its reason.
func Outcome(in login.Inspection) (status int, reason string) {
	var err error
	switch {
	case in.Active():
		return http.StatusOK, ""
	case in.Verdict != login.Valid:
		err = &login.TokenError{Verdict: in.Verdict, Err: in.Cause}
	default:
		err = login.ErrNoSession
	}
	p := problemOf(err)
	return p.Status, p.Reason
}
