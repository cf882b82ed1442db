package redis

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strings"

	"github.com/redis/go-redis/v9"

	"github.com/wxlogin/wxlogin/internal/lang"
	"github.com/wxlogin/wxlogin/internal/session"
)

// Kinds of [Error], to be tested with errors.Is.
var (
	ErrUnreachable = errors.New("no connection")
	ErrTLS         = errors.New("no trusted TLS connection")
	ErrPassword    = errors.New("refused credentials")
	ErrPermission  = errors.New("missing permission")
	ErrDatabase    = errors.New("no such database")
	ErrReadOnly    = errors.New("read-only replica")
	ErrFull        = errors.New("out of memory")
	ErrBusy        = errors.New("not ready")
	ErrCluster     = errors.New("cluster")
	ErrNewer       = errors.New("data of a newer version")
	ErrDamaged     = errors.New("damaged data")
)

// An Error says why a store in Redis cannot be used. What is stored is left as it is.
type Error struct {
	Address Address
	Kind    error        // one of the kinds above; nil for what has none
	Reason  lang.Message // completes the sentence "session store redis://HOST:PORT …"
	Err     error        // of the client or the server; may be nil
}

func (e *Error) Error() string { return e.Message().In(lang.English) }

// Message is the error for people.
func (e *Error) Message() lang.Message { return textStore.With(e.Address, e.Reason) }

// Unwrap returns the kind and the cause.
func (e *Error) Unwrap() []error {
	var list []error
	for _, err := range []error{e.Kind, e.Err} {
		if err != nil {
			list = append(list, err)
		}
	}
	return list
}

// A damagedError names a key whose value is not what this package writes.
type damagedError struct{ key string }

func (e *damagedError) Error() string { return fmt.Sprintf("the value of key %q is damaged", e.key) }

func damaged(key string) error { return &damagedError{key} }

// explain makes an [*Error] of what the client or the server says. What is about a session, and not about the store, stays as it is.
func explain(address Address, err error) error {
	_, unseal := errors.AsType[*session.UnsealError](err)
	_, explained := errors.AsType[*Error](err)
	if unseal || explained || errors.Is(err, session.ErrNotFound) {
		return err
	}
	e := &Error{Address: address, Err: err}
	_, answered := errors.AsType[redis.Error](err)
	switch broken, isDamaged := errors.AsType[*damagedError](err); {
	case isDamaged:
		e.Kind, e.Reason = ErrDamaged, textDamaged.With(broken.key)
	case answered:
		e.Reason, e.Kind = refusal(address, err)
	default:
		e.Reason, e.Kind = failure(err)
	}
	return e
}

// refusal explains what the server answered.
func refusal(address Address, err error) (reason lang.Message, kind error) {
	at, moved := redis.IsMovedError(err)
	_, ask := redis.IsAskError(err)
	switch {
	case moved:
		return textMoved.With(at), ErrCluster
	case ask:
		return textCluster.With(), ErrCluster
	case redis.IsClusterDownError(err):
		return textClusterDown.With(), ErrCluster
	case redis.HasErrorPrefix(err, "NOAUTH"):
		return textNoPassword.With(), ErrPassword
	case redis.IsAuthError(err), redis.HasErrorPrefix(err, "invalid password"), redis.HasErrorPrefix(err, "AUTH "):
		if address.User != "" {
			return textBadUser.With(address.User), ErrPassword
		}
		return textBadPassword.With(), ErrPassword
	case redis.IsPermissionError(err):
		return textPermission.With(serverText(err)), ErrPermission
	case redis.HasErrorPrefix(err, "DB index"):
		return textNoDatabase.With(address.Database), ErrDatabase
	case redis.IsReadOnlyError(err):
		return textReadOnly.With(), ErrReadOnly
	case redis.IsOOMError(err):
		return textFull.With(), ErrFull
	case redis.HasErrorPrefix(err, "WRONGTYPE"):
		return textWrongType.With(prefix), ErrDamaged
	case redis.IsLoadingError(err):
		return textLoading.With(), ErrBusy
	case redis.IsMaxClientsError(err):
		return textMaxClients.With(), ErrBusy
	case redis.IsMasterDownError(err), redis.IsTryAgainError(err), redis.IsNoReplicasError(err),
		redis.HasErrorPrefix(err, "BUSY"), redis.HasErrorPrefix(err, "MISCONF"):
		return textBusy.With(serverText(err)), ErrBusy
	}
	return textFailed.With(serverText(err)), nil
}

// maxServerText is in bytes: a sentence. What is longer quotes a script or data.
const maxServerText = 160

// serverText is what the server says, shortened. It speaks of commands and keys; values are not in its errors.
func serverText(err error) string {
	text := strings.TrimPrefix(err.Error(), "ERR ")
	if len(text) > maxServerText {
		text = text[:maxServerText] + "…"
	}
	return text
}

// failure explains why there was no answer.
func failure(err error) (reason lang.Message, kind error) {
	if dns, ok := errors.AsType[*net.DNSError](err); ok {
		return textNoHost.With(dns.Name), ErrUnreachable
	}
	untrusted, isUntrusted := errors.AsType[*tls.CertificateVerificationError](err)
	_, isRecord := errors.AsType[tls.RecordHeaderError](err)
	switch {
	case isUntrusted:
		return textUntrusted.With(untrusted.Err), ErrTLS
	case isRecord:
		return textNoTLS.With(), ErrTLS
	}
	timeout, isNet := errors.AsType[net.Error](err)
	if isNet && timeout.Timeout() || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, redis.ErrPoolTimeout) {
		return textTimeout.With(), ErrUnreachable
	}
	if op, ok := errors.AsType[*net.OpError](err); ok {
		err = op.Err
	}
	return textUnreachable.With(err), ErrUnreachable
}

var (
	textStore = lang.T{En: "session store %v %v", Zh: "会话存储 %v %v"}

	textDamaged   = lang.T{En: "holds damaged data: the value of key %q is not what wxlogin writes", Zh: "中的数据已损坏：键 %q 的值不是 wxlogin 写入的内容"}
	textWrongType = lang.T{En: "holds damaged data: a key that begins with %s is of a type that wxlogin does not write", Zh: "中的数据已损坏：有一个以 %s 开头的键，其类型不是 wxlogin 会写入的"}
	textNewer     = lang.T{En: "holds data of version %d, this program knows versions up to %d: use a newer wxlogin", Zh: "中的数据版本为 %d，本程序最高支持版本 %d：请使用更新的 wxlogin"}

	textMoved       = lang.T{En: "is a node of a cluster (the key belongs to %s): name a Redis or Valkey that is not in cluster mode", Zh: "是集群中的一个节点（该键属于 %s）：请指定非集群模式的 Redis 或 Valkey"}
	textCluster     = lang.T{En: "is a node of a cluster: name a Redis or Valkey that is not in cluster mode", Zh: "是集群中的一个节点：请指定非集群模式的 Redis 或 Valkey"}
	textClusterDown = lang.T{En: "is a node of a cluster that is down", Zh: "是集群中的一个节点，且该集群不可用"}
	textReadOnly    = lang.T{En: "is a replica that takes no writes: name the primary", Zh: "是只读副本，不接受写入：请指定主节点"}

	textNoPassword  = lang.T{En: "wants a password: set WXLOGIN_STORE_PASSWORD", Zh: "需要密码：请设置 WXLOGIN_STORE_PASSWORD"}
	textBadPassword = lang.T{En: "refuses the password in WXLOGIN_STORE_PASSWORD", Zh: "拒绝了 WXLOGIN_STORE_PASSWORD 中的密码"}
	textBadUser     = lang.T{En: "refuses user %q with the password in WXLOGIN_STORE_PASSWORD", Zh: "拒绝了用户 %q 以及 WXLOGIN_STORE_PASSWORD 中的密码"}
	textPermission  = lang.T{En: "does not let this user do what wxlogin needs (%s)", Zh: "不允许该用户执行 wxlogin 需要的操作（%s）"}
	textNoDatabase  = lang.T{En: "has no database %d: its configuration says how many there are (databases)", Zh: "没有编号为 %d 的数据库：数据库个数由其配置项 databases 决定"}

	textFull       = lang.T{En: "has used all the memory that it may (maxmemory)", Zh: "已用完允许的内存（maxmemory）"}
	textLoading    = lang.T{En: "is still loading its data", Zh: "仍在加载数据"}
	textMaxClients = lang.T{En: "has no connection left (maxclients)", Zh: "没有空闲连接（maxclients）"}
	textBusy       = lang.T{En: "cannot work now (%s)", Zh: "暂时无法工作（%s）"}
	textFailed     = lang.T{En: "failed (%s)", Zh: "出错（%s）"}

	textNoHost      = lang.T{En: "cannot be reached: no address is known for the host %q", Zh: "无法连接：找不到主机 %q 的地址"}
	textTimeout     = lang.T{En: "cannot be reached: no answer in time", Zh: "无法连接：没有及时应答"}
	textUnreachable = lang.T{En: "cannot be reached: %v", Zh: "无法连接：%v"}
	textUntrusted   = lang.T{En: "shows a certificate that is not trusted: %v", Zh: "出示的证书不受信任：%v"}
	textNoTLS       = lang.T{En: "does not speak TLS: for a connection without it the address begins with redis://", Zh: "不使用 TLS：不加密的连接，地址应以 redis:// 开头"}
)
