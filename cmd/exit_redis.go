package cmd

import (
	"errors"

	"github.com/wxlogin/wxlogin/internal/lang"
	"github.com/wxlogin/wxlogin/internal/session/redis"
)

// redisFailure says what to do about a session store in Redis. What may pass by itself is of the network; the rest is for whoever
// configures it.
func redisFailure(e *redis.Error) failure {
	for _, known := range []struct {
		kind error
		exit exit
		hint lang.T
	}{
		{redis.ErrUnreachable, exitNetwork, hintRedisReach},
		{redis.ErrBusy, exitNetwork, hintRedisLater},
		{redis.ErrFull, exitNetwork, hintRedisMemory},
		{redis.ErrTLS, exitConfig, hintRedisTLS},
		{redis.ErrPassword, exitConfig, hintRedisPassword},
		{redis.ErrPermission, exitConfig, hintRedisPermission},
		{redis.ErrDatabase, exitConfig, hintRedisDatabase},
		{redis.ErrReadOnly, exitConfig, hintRedisInstead},
		{redis.ErrCluster, exitConfig, hintRedisInstead},
		{redis.ErrNewer, exitConfig, hintRedisNewer},
		{redis.ErrDamaged, exitConfig, hintRedisDamaged},
	} {
		if errors.Is(e, known.kind) {
			return failure{exit: known.exit, message: e.Message(), hints: []lang.Message{known.hint.With()}}
		}
	}
	return failure{exit: exitFailure, message: e.Message()}
}

var (
	hintRedisReach      = lang.T{En: "see that it runs and that the address is right: redis-cli -u REDIS_URL ping", Zh: "请确认它正在运行且地址无误：redis-cli -u REDIS_URL ping"}
	hintRedisLater      = lang.T{En: "try again in a moment", Zh: "请稍后再试"}
	hintRedisMemory     = lang.T{En: "give Redis more memory (maxmemory), with maxmemory-policy noeviction", Zh: "请为 Redis 分配更多内存（maxmemory），并使用 maxmemory-policy noeviction"}
	hintRedisTLS        = lang.T{En: "a CA of your own goes into a file that SSL_CERT_FILE names; the host in the address must be one of the certificate", Zh: "自建 CA 的证书请放入 SSL_CERT_FILE 所指的文件；地址中的主机名必须与证书一致"}
	hintRedisPassword   = lang.T{En: "the user stands in the address (redis://USER@HOST), the password in WXLOGIN_STORE_PASSWORD", Zh: "用户名写在地址中（redis://USER@HOST），密码写在 WXLOGIN_STORE_PASSWORD 中"}
	hintRedisPermission = lang.T{En: "let the user work on wxlogin's keys: ACL SETUSER USER ~wxlogin:* +@read +@write +@scripting +@connection", Zh: "请允许该用户操作 wxlogin 的键：ACL SETUSER USER ~wxlogin:* +@read +@write +@scripting +@connection"}
	hintRedisDatabase   = lang.T{En: "use a database that is there, such as redis://HOST/0", Zh: "请使用存在的数据库，例如 redis://HOST/0"}
	hintRedisInstead    = lang.T{En: "change the store: --store redis://HOST:PORT or WXLOGIN_STORE", Zh: "请更换存储：--store redis://HOST:PORT 或 WXLOGIN_STORE"}
	hintRedisNewer      = lang.T{En: "update wxlogin, or use another database of this Redis: --store redis://HOST/1", Zh: "升级 wxlogin，或使用此 Redis 的另一个数据库：--store redis://HOST/1"}
	hintRedisDamaged    = lang.T{En: "restore Redis from a backup, or use another database of it: --store redis://HOST/1", Zh: "从备份恢复 Redis，或使用它的另一个数据库：--store redis://HOST/1"}
)
