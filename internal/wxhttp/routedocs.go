package wxhttp

import "github.com/wxlogin/wxlogin/internal/lang"

// What there is to know of the routes of the phone, the clock and the whole.
var (
	fieldsPhone = []fieldDoc{
		{"user", lang.T{En: "whose phone it is; made if new (default alice)", Zh: "手机属于谁，不存在则新建（默认 alice）"}},
		{"appid", lang.T{En: "the mini program (default: the first that the simulation knows)", Zh: "小程序（默认为模拟服务的第一个）"}},
	}

	// aLogin makes the key that a phone encrypts under.
	aLogin = "POST /_mock/login {}"

	docLogin = routeDoc{
		text: lang.T{
			En: "The phone calls wx.login: a code that can be exchanged once within five minutes.",
			Zh: "手机调用 wx.login：得到一个 code，五分钟内可兑换一次。",
		},
		fields: fieldsPhone, examples: []string{`{"user":"bob"}`},
	}
	docUserinfo = routeDoc{
		text: lang.T{
			En: "The phone calls wx.getUserInfo. The data is encrypted under the key of the user's newest login; without one the answer is 409, not_logged_in.",
			Zh: "手机调用 wx.getUserInfo。数据用该用户最近一次登录的密钥加密；从未登录则返回 409，not_logged_in。",
		},
		fields: fieldsPhone, before: []string{aLogin}, examples: []string{`{"user":"alice"}`},
	}
	docPhone = routeDoc{
		text: lang.T{
			En: "The user taps the phone number button. code is for the server API getuserphonenumber, encryptedData for the older way.",
			Zh: "用户点击手机号按钮。code 供服务端接口 getuserphonenumber 使用，encryptedData 用于旧方式。",
		},
		fields: fieldsPhone, before: []string{aLogin}, examples: []string{`{"user":"alice"}`},
	}
	docWeRun = routeDoc{
		text: lang.T{
			En: "The phone calls wx.getWeRunData: a month of steps.",
			Zh: "手机调用 wx.getWeRunData：一个月的步数。",
		},
		fields: fieldsPhone, before: []string{aLogin}, examples: []string{`{}`},
	}
	docGroup = routeDoc{
		text: lang.T{
			En: "The phone calls wx.getGroupEnterInfo: the group that the mini program was entered from.",
			Zh: "手机调用 wx.getGroupEnterInfo：进入小程序时所在的群。",
		},
		fields: fieldsPhone, before: []string{aLogin}, examples: []string{`{}`},
	}
	docReadClock = routeDoc{
		text: lang.T{
			En: "The time in the simulation, and how far it is from the system's.",
			Zh: "模拟服务中的时间，以及与系统时间的差距。",
		},
		examples: []string{""},
	}
	docMoveClock = routeDoc{
		text: lang.T{
			En: "Moves the time that codes, keys, sessions and tokens live by. Moves add up.",
			Zh: "拨动 code、密钥、会话和令牌所依据的时间，多次拨动会累加。",
		},
		fields: []fieldDoc{
			{"move", lang.T{En: "a duration such as +6m or -1h30m", Zh: "一段时长，例如 +6m、-1h30m"}},
			{"set", lang.T{En: "a time in RFC 3339, such as 2026-11-23T10:00:00Z; a frozen clock stays frozen", Zh: "RFC 3339 格式的时间，例如 2026-11-23T10:00:00Z；已冻结的时钟仍然冻结"}},
			{"freeze", lang.T{En: "true: the clock stands still; it can still be moved and set", Zh: "true：冻结时钟，仍可拨动和设定"}},
			{"reset", lang.T{En: "true: back to the system's time, and running", Zh: "true：恢复为系统时间并继续走动"}},
		},
		examples: []string{`{"move":"+6m"}`, `{"freeze":true}`},
	}
	docReset = routeDoc{
		text: lang.T{
			En: "Puts the simulation back to how it started: users, codes, keys, sessions, faults, the clock; the journal's records go as well, while its numbers go on.",
			Zh: "把模拟服务恢复到启动时的状态：用户、code、密钥、会话、故障和时钟；调用日志也会清空，但编号继续递增。",
		},
		fields: []fieldDoc{
			{"appid", lang.T{En: "only this mini program; the clock stays", Zh: "只恢复这个小程序，时钟不变"}},
		},
		examples: []string{`{}`, `{"appid":"wx0123456789abcdef"}`},
	}
	docEnv = routeDoc{
		text: lang.T{
			En: "Where the simulation is and which app it knows. The secret is given only if it is the public one of the demo app, or one that the simulation made up.",
			Zh: "模拟服务的地址及其小程序。只有演示小程序的公开 secret，或模拟服务自己生成的 secret 才会给出。",
		},
		fields:   []fieldDoc{{"appid", lang.T{En: "the mini program (default: the first that the simulation knows)", Zh: "小程序（默认为模拟服务的第一个）"}}},
		examples: []string{""},
	}
)
