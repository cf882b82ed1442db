package doctor

import (
	"context"
	"crypto/sha256"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/wxlogin/wxlogin/internal/config"
	"github.com/wxlogin/wxlogin/internal/lang"
	"github.com/wxlogin/wxlogin/internal/session/sqlite"
)

// storage looks whether what is to be kept can be kept. What is not there yet is not made; whether it could be is looked at.
func (x *examination) storage(ctx context.Context) {
	if x.Config.Store == "memory" {
		x.ok(AreaStorage, "store", textMemory)
	} else {
		x.ring()
		x.store(ctx)
	}
	x.keyring(ctx)
}

func (x *examination) ring() {
	path, err := x.Config.Paths.KeysFile()
	if err != nil {
		x.add(AreaStorage, "keys", Fail, textPlain.With(err), textFixState.With())
		return
	}
	found, err := x.Ring()
	switch {
	case err != nil:
		x.add(AreaStorage, "keys", Fail, textPlain.With(err), textFixFile.With(path))
	case !found:
		x.creatable("keys", path)
	case !writable(filepath.Dir(path)):
		x.add(AreaStorage, "keys", Warn, textKeysFixed.With(path), textFixState.With())
	default:
		x.ok(AreaStorage, "keys", textKeysOK, path)
	}
}

// store writes to the store that is there: the release of a claim that nobody has.
func (x *examination) store(ctx context.Context) {
	store, found, err := x.Store(ctx)
	if err == nil && found {
		err = store.Release(ctx, sha256.Sum256([]byte("doctor")))
	}
	path := ""
	if x.Config.Store == "" {
		path, _ = x.Config.Paths.StoreFile()
	}
	damage, _ := errors.AsType[*sqlite.FileError](err)
	switch {
	case damage != nil && damage.SetAside() != "":
		x.add(AreaStorage, "store", Fail, textPlain.With(err), textFixDamaged.With(damage.SetAside()))
	case err != nil && path == "": // no file is to blame: it is one that was named, or a Redis, and the error says which
		x.add(AreaStorage, "store", Fail, textPlain.With(err), textFixStore.With(x.Config.Store))
	case err != nil:
		x.add(AreaStorage, "store", Fail, textPlain.With(err), textFixFile.With(path))
	case !found && path != "":
		x.creatable("store", path)
	case !found:
		x.skip(AreaStorage, "store", textNotMade, x.Config.Store)
	default:
		x.ok(AreaStorage, "store", textStoreOK, storeName(x.Config.Store, path))
	}
}

func storeName(configured, path string) string {
	if path != "" {
		return path
	}
	return configured
}

// creatable looks at the directory in which a file would be made, or at the nearest one above it that exists.
func (x *examination) creatable(name, path string) {
	dir := filepath.Dir(path)
	for {
		info, err := os.Stat(dir)
		if err == nil && !info.IsDir() {
			x.add(AreaStorage, name, Fail, textNoDirectory.With(dir), textFixState.With())
			return
		}
		if err == nil {
			break
		}
		above := filepath.Dir(dir)
		if !errors.Is(err, fs.ErrNotExist) || above == dir {
			x.add(AreaStorage, name, Fail, textPlain.With(err), textFixState.With())
			return
		}
		dir = above
	}
	if !writable(dir) {
		x.add(AreaStorage, name, Fail, textNotWritable.With(path, dir), textFixState.With())
		return
	}
	x.ok(AreaStorage, name, textWillBeMade, path)
}

// keyring reaches for the desktop's keyring. Where none is, that matters only if the configuration counts on it.
func (x *examination) keyring(ctx context.Context) {
	if x.Sources.Keyring == nil {
		return
	}
	_, err := x.Sources.Keyring.Get(ctx, config.KeyringAccount(x.Config.Profile))
	needed := x.Config.NeedsKeyring()
	missing, _ := errors.AsType[*config.KeyringError](err)
	switch {
	case err == nil, errors.Is(err, config.ErrNoEntry):
		x.ok(AreaStorage, "keyring", textKeyringOK)
	case needed:
		x.add(AreaStorage, "keyring", Fail, keyringText(err), textFixKeyring.With())
	case missing != nil && missing.Missing:
		x.skip(AreaStorage, "keyring", textNoKeyring)
	default:
		x.add(AreaStorage, "keyring", Warn, keyringText(err), textFixKeyring.With())
	}
}

func keyringText(err error) lang.Message {
	if e, ok := errors.AsType[*config.KeyringError](err); ok {
		return e.Message()
	}
	return textPlain.With(err)
}

var (
	textMemory      = lang.T{En: "sessions are kept in memory and end with their process", Zh: "会话保存在内存中，随进程结束"}
	textKeysOK      = lang.T{En: "the key ring can be read and replaced: %s", Zh: "密钥环可读取、可更新：%s"}
	textKeysFixed   = lang.T{En: "the key ring can be read, but not replaced: %s", Zh: "密钥环可读取，但无法更新：%s"}
	textStoreOK     = lang.T{En: "the session store can be read and written: %s", Zh: "会话存储可读写：%s"}
	textNotMade     = lang.T{En: "%s is not there yet; what needs it makes it", Zh: "%s 尚不存在，首次使用时创建"}
	textWillBeMade  = lang.T{En: "%s is not there yet, and can be made", Zh: "%s 尚不存在，可以创建"}
	textNoDirectory = lang.T{En: "%s is in the way: it is no directory", Zh: "%s 不是目录"}
	textNotWritable = lang.T{En: "%s cannot be made: %s may not be written to", Zh: "无法创建 %s：%s 不可写"}
	textKeyringOK   = lang.T{En: "the system's keyring answers", Zh: "系统钥匙串可用"}
	textNoKeyring   = lang.T{En: "there is no keyring on this machine, and none is needed", Zh: "本机没有密钥环，也不需要"}
	textFixKeyring  = lang.T{En: "keep the AppSecret in a file or a variable: wxlogin config set secret file:PATH, or env:NAME", Zh: "把 AppSecret 放在文件或环境变量中：wxlogin config set secret file:PATH 或 env:NAME"}
	textFixStore    = lang.T{En: "see that the store %s is there and takes what is written to it, or name another: WXLOGIN_STORE", Zh: "请确认存储 %s 存在且可写，或另行指定：WXLOGIN_STORE"}
	textFixDamaged  = lang.T{En: "stop every wxlogin that uses it, then restore it from a backup, or set it aside and lose what it knows, revocations too: %s", Zh: "先停止所有正在使用它的 wxlogin，再从备份恢复，或将其移到一旁（其中的内容包括吊销记录将不再生效）：%s"}
	textFixFile     = lang.T{En: "see that %s is a file of yours that nobody else may read, in a directory that you may write to", Zh: "请确认 %s 是你自己的文件、他人不可读，且所在目录可写"}
	textFixState    = lang.T{En: "use a directory that you may write to: WXLOGIN_STATE_DIR", Zh: "换一个可写的目录：WXLOGIN_STATE_DIR"}
)
