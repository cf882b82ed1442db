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
		e.Kind, e.Reason = refusal(address, err)
	default:
		e.Kind, e.Reason = failure(err)
	}
	return e
}

// refusal explains what the server answered.
func refusal(address Address, err error) (kind error, reason lang.Message) {
	at, moved := redis.IsMovedError(err)
	_, ask := redis.IsAskError(err)
	switch {
	case moved:
		return ErrCluster, textMoved.With(at)
	case ask:
		return ErrCluster, textCluster.With()
	case redis.IsClusterDownError(err):
		return ErrCluster, textClusterDown.With()
	case redis.HasErrorPrefix(err, "NOAUTH"):
		return ErrPassword, textNoPassword.With()
	case redis.IsAuthError(err), redis.HasErrorPrefix(err, "invalid password"), redis.HasErrorPrefix(err, "AUTH "):
		if address.User != "" {
			return ErrPassword, textBadUser.With(address.User)
		}
		return ErrPassword, textBadPassword.With()
	case redis.IsPermissionError(err):
		return ErrPermission, textPermission.With(serverText(err))
	case redis.HasErrorPrefix(err, "DB index"):
		return ErrDatabase, textNoDatabase.With(address.Database)
	case redis.IsReadOnlyError(err):
		return ErrReadOnly, textReadOnly.With()
	case redis.IsOOMError(err):
		return ErrFull, textFull.With()
	case redis.HasErrorPrefix(err, "WRONGTYPE"):
		return ErrDamaged, textWrongType.With(prefix)
	case redis.IsLoadingError(err):
		return ErrBusy, textLoading.With()
	case redis.IsMaxClientsError(err):
		return ErrBusy, textMaxClients.With()
	case redis.IsMasterDownError(err), redis.IsTryAgainError(err), redis.IsNoReplicasError(err),
		redis.HasErrorPrefix(err, "BUSY"), redis.HasErrorPrefix(err, "MISCONF"):
		return ErrBusy, textBusy.With(serverText(err))
	}
	return nil, textFailed.With(serverText(err))
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
func failure(err error) (kind error, reason lang.Message) {
	if dns, ok := errors.AsType[*net.DNSError](err); ok {
		return ErrUnreachable, textNoHost.With(dns.Name)
	}
	untrusted, isUntrusted := errors.AsType[*tls.CertificateVerificationError](err)
	_, isRecord := errors.AsType[tls.RecordHeaderError](err)
	switch {
	case isUntrusted:
		return ErrTLS, textUntrusted.With(untrusted.Err)
	case isRecord:
		return ErrTLS, textNoTLS.With()
	}
	timeout, isNet := errors.AsType[net.Error](err)
	if isNet && timeout.Timeout() || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, redis.ErrPoolTimeout) {
		return ErrUnreachable, textTimeout.With()
	}
	if op, ok := errors.AsType[*net.OpError](err); ok {
		err = op.Err
	}
	return ErrUnreachable, textUnreachable.With(err)
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
