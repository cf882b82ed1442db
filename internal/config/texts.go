package config

import "github.com/wxlogin/wxlogin/internal/lang"

// The reasons of errors. They complete "FILE:LINE: KEY: …".
var (
	textAt             = lang.T{En: "%s%v", Zh: "%s%v"}
	textPlain          = lang.T{En: "%v", Zh: "%v"}
	textUnknownKey     = lang.T{En: "there is no such key", Zh: "没有这个配置项"}
	textUnknownKeyNear = lang.T{En: "there is no such key (did you mean %s?)", Zh: "没有这个配置项（是否想写 %s？）"}
	textBadProfile     = lang.T{En: "a profile's name is made of a-z, 0-9, _ and -, which %q is not", Zh: "profile 名称只能由 a-z、0-9、_ 和 - 组成，%q 不符合"}
	textNoProfile      = lang.T{En: "there is no profile %q", Zh: "没有名为 %q 的 profile"}
	textNoProfileNear  = lang.T{En: "there is no profile %q (did you mean %s?)", Zh: "没有名为 %q 的 profile（是否想写 %s？）"}

	textNotOneOf    = lang.T{En: "%q is not one of %s", Zh: "%q 不是可用的值（可用：%s）"}
	textBadDuration = lang.T{En: "%q is not a duration with a unit, such as 10s, 5m or 24h", Zh: "%q 不是带单位的时长，例如 10s、5m 或 24h"}
	textNotPositive = lang.T{En: "the duration %q is not above zero", Zh: "时长 %q 必须大于零"}
	textBadLife     = lang.T{En: "%q is not between 1s and %d days (a login is silent and free, so a shorter life costs nobody anything)", Zh: "%q 不在 1s 到 %d 天之间（登录无需用户操作且没有费用，较短的有效期不会给任何人带来负担）"}
	textBadURL      = lang.T{En: "want an address such as https://api.weixin.qq.com or http://127.0.0.1:8420", Zh: "应为 https://api.weixin.qq.com 或 http://127.0.0.1:8420 这样的地址"}
	textURLPassword = lang.T{En: "an address must not carry a user name or password", Zh: "地址中不能带用户名或密码"}
	textURLQuery    = lang.T{En: "an address must not carry a query or fragment", Zh: "地址中不能带查询参数或片段"}
	textNotHTTPS    = lang.T{En: "must be https: the AppSecret travels in the request (http is for loopback only)", Zh: "必须使用 https：请求中带有 AppSecret（http 仅限本机）"}
	textBadStore    = lang.T{En: "want memory, sqlite:PATH, redis://HOST or rediss://HOST", Zh: "应为 memory、sqlite:PATH、redis://HOST 或 rediss://HOST"}
	textBadAddr     = lang.T{En: "%q is not HOST:PORT, such as 127.0.0.1:8420 (port 0 takes a free one)", Zh: "%q 不是 HOST:PORT，例如 127.0.0.1:8420（端口 0 表示任选空闲端口）"}

	textNotRegular   = lang.T{En: "is not a regular file", Zh: "不是普通文件"}
	textUnreadable   = lang.T{En: "cannot be read: %v", Zh: "无法读取：%v"}
	textUnwritable   = lang.T{En: "cannot be written: %v", Zh: "无法写入：%v"}
	textTooLarge     = lang.T{En: "is larger than %d bytes", Zh: "超过 %d 字节"}
	textTwoDocuments = lang.T{En: "holds more than one YAML document", Zh: "包含多个 YAML 文档"}
	textNotMapping   = lang.T{En: "want lines of the form key: value", Zh: "应为 key: value 形式的行"}
	textNotScalar    = lang.T{En: "want a single value", Zh: "应为单个值"}
	textBadName      = lang.T{En: "a key must be a word", Zh: "配置项名称必须是一个单词"}
	textDotted       = lang.T{En: "a dot in a key means nesting; write the second part indented on the next line", Zh: "配置项中的点表示嵌套；请把后一部分缩进写在下一行"}
	textTwice        = lang.T{En: "is already set on line %d", Zh: "已在第 %d 行设置"}
	textBadYAML      = lang.T{En: "is not valid YAML", Zh: "不是有效的 YAML"}
	textBadYAMLText  = lang.T{En: "is not valid YAML: %s", Zh: "不是有效的 YAML：%s"}
	textNotInProject = lang.T{
		En: "a project file may not set this key, because the file comes with the repository",
		Zh: "项目文件不能设置这一项，因为它随代码仓库而来",
	}
	textNorInProject = lang.T{En: "%v; nor %s (line %d)", Zh: "%v；%s 也不能（第 %d 行）"}
	textNotLoopback  = lang.T{
		En: "a project file may name a simulation on this machine only (127.0.0.1, [::1], localhost), because mock env makes it the address that the AppSecret is sent to",
		Zh: "项目文件只能指定本机上的模拟服务（127.0.0.1、[::1]、localhost），因为 mock env 会把它设为接收 AppSecret 的地址",
	}
	textOpenFile     = lang.T{En: "the file holds a secret and others can read or change it (mode %v)", Zh: "文件含有密钥，但其他用户可以读取或修改（权限 %v）"}
	textWritableFile = lang.T{En: "the file holds a command to run and others can change it (mode %v)", Zh: "文件含有要执行的命令，但其他用户可以修改（权限 %v）"}

	textExists        = lang.T{En: "already exists", Zh: "已存在"}
	textEmptyValue    = lang.T{En: "the value is empty", Zh: "值为空"}
	textControl       = lang.T{En: "the value holds an invisible character", Zh: "值中含有不可见字符"}
	textByHand        = lang.T{En: "is written in a way that cannot be edited safely; change it by hand", Zh: "的写法无法安全地自动修改，请手动编辑"}
	textLiteralSecret = lang.T{En: "a secret is not written into the file as it is, unless that is asked for", Zh: "除非明确要求，密钥不会以明文写入配置文件"}
	textSymlink       = lang.T{En: "is a symbolic link to %s and is not written through", Zh: "是指向 %s 的符号链接，不会通过它写入"}
	textStateWritable = lang.T{En: "other users can write in this directory (mode %v) and could replace the key ring", Zh: "其他用户可以写入此目录（权限 %v），从而可能替换密钥环"}
	textStateNoDir    = lang.T{En: "%s is not a directory", Zh: "%s 不是目录"}
	textNoStateDir    = lang.T{En: "there is no place for the state: no home directory is known", Zh: "找不到主目录，无处存放状态文件"}
)

// The reasons of missing appids and secrets.
var (
	textNoAppID            = lang.T{En: "no appid is configured", Zh: "没有配置 appid"}
	textNoAppIDEmpty       = lang.T{En: "no appid is configured (%s is set but empty)", Zh: "没有配置 appid（%s 已设置但为空）"}
	textNoSecret           = lang.T{En: "no AppSecret: %v", Zh: "没有 AppSecret：%v"}
	textAnd                = lang.T{En: "%v; %v", Zh: "%v；%v"}
	textLookedEmpty        = lang.T{En: "%s is set but empty", Zh: "%s 已设置但为空"}
	textLookedUnset        = lang.T{En: "%s is not set", Zh: "%s 未设置"}
	textLookedProfile      = lang.T{En: "the profile %s has no secret", Zh: "profile %s 没有 secret"}
	textLookedFile         = lang.T{En: "%s has no secret", Zh: "%s 中没有 secret"}
	textLookedKeyring      = lang.T{En: "the keyring has no entry %q", Zh: "系统钥匙串中没有条目 %q"}
	textLookedKeyringError = lang.T{En: "the keyring could not be asked: %v", Zh: "无法访问系统钥匙串：%v"}
	textNoKeyring          = lang.T{En: "there is no keyring on this machine (%s)", Zh: "本机没有系统钥匙串（%s）"}
	textNotInstalled       = lang.T{En: "%s is not installed", Zh: "未安装 %s"}
	textKeyringFails       = lang.T{En: "the keyring does not work here (%s)", Zh: "系统钥匙串在此处不可用（%s）"}
	textKeyringOff         = lang.T{En: "the secret is in the keyring, which is not asked here", Zh: "密钥在系统钥匙串中，但此处不访问密钥环"}

	textRefUnset        = lang.T{En: "refers to the variable %s, which is not set", Zh: "引用的环境变量 %s 未设置"}
	textRefEmpty        = lang.T{En: "refers to the variable %s, which is set but empty", Zh: "引用的环境变量 %s 已设置但为空"}
	textSecretTooLarge  = lang.T{En: "is larger than %d bytes, which no secret is", Zh: "超过 %d 字节，不可能是密钥"}
	textSecretFileEmpty = lang.T{En: "holds no secret: it is empty", Zh: "文件为空，没有密钥"}
	textSecretLines     = lang.T{En: "holds more than one line; want the secret alone", Zh: "含有多行，应只有密钥本身"}
	textCommandTimeout  = lang.T{En: "the command did not answer within %v", Zh: "命令在 %v 内没有返回"}
	textCommandFailed   = lang.T{En: "the command failed: %v", Zh: "命令执行失败：%v"}
	textCommandEmpty    = lang.T{En: "the command printed nothing", Zh: "命令没有输出"}
)

// What to do.
var (
	textFixKeys         = lang.T{En: "the keys are: %s", Zh: "可用的配置项：%s"}
	textFixProject      = lang.T{En: "a project file may set %s; for the rest use: wxlogin config set KEY VALUE", Zh: "项目文件可设置 %s；其余请用：wxlogin config set KEY VALUE"}
	textFixNotLoopback  = lang.T{En: "remove it; if you trust that address, set %s, or run: wxlogin config set %s URL", Zh: "将其删除；如果信任该地址，请设置 %s，或执行：wxlogin config set %s URL"}
	textFixProfiles     = lang.T{En: "the profiles are: %s", Zh: "已有的 profile：%s"}
	textFixProfileMake  = lang.T{En: "make it with: wxlogin config set profiles.%s.appid APPID", Zh: "可新建：wxlogin config set profiles.%s.appid APPID"}
	textFixMode         = lang.T{En: "run: chmod 600 %s", Zh: "执行：chmod 600 %s"}
	textFixDirMode      = lang.T{En: "run: chmod 700 %s", Zh: "执行：chmod 700 %s"}
	textFixReference    = lang.T{En: "keep the secret elsewhere and refer to it: wxlogin config set secret env:NAME | file:PATH | keyring | cmd:COMMAND", Zh: "把密钥放在别处，只写引用：wxlogin config set secret env:NAME | file:PATH | keyring | cmd:COMMAND"}
	textFixAppID        = lang.T{En: "give --appid, set WXLOGIN_APPID, or run: wxlogin config set appid APPID", Zh: "使用 --appid，设置 WXLOGIN_APPID，或执行：wxlogin config set appid APPID"}
	textFixInit         = lang.T{En: "for a dialogue run: wxlogin config init", Zh: "交互式配置请执行：wxlogin config init"}
	textFixSecret       = lang.T{En: "give --secret-file FILE, set WXLOGIN_SECRET, or run: wxlogin config set secret", Zh: "使用 --secret-file FILE，设置 WXLOGIN_SECRET，或执行：wxlogin config set secret"}
	textFixKeyringSet   = lang.T{En: "put it there with: wxlogin config set secret", Zh: "存入密钥环：wxlogin config set secret"}
	textFixSet          = lang.T{En: "change single values with: wxlogin config set KEY VALUE", Zh: "修改单项：wxlogin config set KEY VALUE"}
	textFixSymlink      = lang.T{En: "name the file itself: --config %s", Zh: "直接指定该文件：--config %s"}
	textFixStateDir     = lang.T{En: "set WXLOGIN_STATE_DIR or HOME", Zh: "设置 WXLOGIN_STATE_DIR 或 HOME"}
	textFixSetEmpty     = lang.T{En: "give it a value or remove it", Zh: "给它一个值，或将其删除"}
	textFixAppIDShape   = lang.T{En: "copy the AppID from mp.weixin.qq.com, Development Management, Development Settings", Zh: "从 mp.weixin.qq.com 的“开发管理 - 开发设置”复制 AppID"}
	textFixSecretBlank  = lang.T{En: "take the blanks away where the secret is kept; nothing has to be reset", Zh: "在保存密钥的地方去掉空白即可，无需重置"}
	textFixSecretShape  = lang.T{En: "reset the AppSecret in mp.weixin.qq.com and copy it while it is shown; it is shown once", Zh: "在 mp.weixin.qq.com 重置 AppSecret，并在显示时复制，它只显示一次"}
	textFixSecretShared = lang.T{En: "each appid has an AppSecret of its own; check which one it belongs to", Zh: "每个 appid 有各自的 AppSecret，请确认它属于哪一个"}

	textFixProfileHidden = lang.T{En: "remove one of the two, or make them equal", Zh: "删除其中一个，或使两者一致"}
)
