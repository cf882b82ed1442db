package intercept

import "github.com/wxlogin/wxlogin/internal/lang"

// A VariableDoc says what variables of [Environment] are for.
type VariableDoc struct {
	Names []string
	Value lang.T
	Read  lang.T // by whom
}

// Variables documents what [Environment] sets, in its order.
func Variables() []VariableDoc {
	return []VariableDoc{
		{
			[]string{"WXLOGIN_URL", "WXLOGIN_API_BASE", "WXLOGIN_APPID", "WXLOGIN_SECRET"},
			lang.T{En: "the mock, WeChat's API in it, and its mini program; a configured secret is never handed on", Zh: "模拟服务、其中的微信接口，以及它的小程序；配置的 secret 绝不会传出"},
			lang.T{En: "wxlogin, and programs whose API address can be set", Zh: "wxlogin，以及接口地址可配置的程序"},
		},
		{
			[]string{"HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY", "https_proxy", "http_proxy", "no_proxy"},
			lang.T{En: "the mock as a proxy, but not for this machine; the exceptions that were set are kept, unless they are WeChat's hosts", Zh: "以模拟服务为代理，本机除外；已设置的例外会保留，微信的域名除外"},
			lang.T{En: "Go's net/http; Python's urllib, requests, httpx, and aiohttp with trust_env=True; Node's axios, and fetch and https where NODE_USE_ENV_PROXY is known; libcurl and so PHP's curl, curl, wget, git; .NET's HttpClient; npm, pip", Zh: "Go 的 net/http；Python 的 urllib、requests、httpx，以及 trust_env=True 的 aiohttp；Node 的 axios，以及支持 NODE_USE_ENV_PROXY 时的 fetch 和 https；libcurl（因而也包括 PHP 的 curl）、curl、wget、git；.NET 的 HttpClient；npm、pip"},
		},
		{
			[]string{"SSL_CERT_FILE"},
			lang.T{En: "the system's roots, those that were set, and the run's CA", Zh: "系统根证书、原先设置的证书，以及本次运行的 CA"},
			lang.T{En: "OpenSSL and who uses its defaults: Python's ssl and so urllib, httpx and aiohttp, .NET on Linux; Go on Linux and BSD", Zh: "OpenSSL 及使用其默认值的程序：Python 的 ssl（因而包括 urllib、httpx、aiohttp）、Linux 上的 .NET；Linux 和 BSD 上的 Go"},
		},
		{
			[]string{"CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "GIT_SSL_CAINFO"},
			lang.T{En: "the same file", Zh: "同一文件"},
			lang.T{En: "the program curl; Python's requests, and pip; git", Zh: "curl 程序；Python 的 requests 和 pip；git"},
		},
		{
			[]string{"NIX_SSL_CERT_FILE", "HTTPLIB2_CA_CERTS"},
			lang.T{En: "the same file, only where they were set", Zh: "同一文件，仅在原先已设置时"},
			lang.T{En: "programs of Nix; Python's httplib2", Zh: "Nix 的程序；Python 的 httplib2"},
		},
		{
			[]string{"NODE_EXTRA_CA_CERTS", "DENO_CERT"},
			lang.T{En: "the certificates that were set, and the run's CA", Zh: "原先设置的证书，以及本次运行的 CA"},
			lang.T{En: "Node in all of its clients, npm; Deno", Zh: "Node 的所有客户端、npm；Deno"},
		},
		{
			[]string{"NODE_USE_ENV_PROXY"},
			lang.T{En: "1", Zh: "1"},
			lang.T{En: "Node from 22.21 and 24.5 on: its https and fetch use the proxy", Zh: "Node 22.21、24.5 起：其 https 和 fetch 会使用代理"},
		},
		{
			[]string{"NODE_OPTIONS"},
			lang.T{En: "what was set, and --require of a file that leads TLS connections to WeChat's hosts to the mock", Zh: "原有内容，再加 --require 一个文件，把发往微信域名的 TLS 连接引向模拟服务"},
			lang.T{En: "every Node: https, http2, fetch, got, node-fetch and whatever else ends in tls.connect", Zh: "所有版本的 Node：https、http2、fetch、got、node-fetch，以及最终调用 tls.connect 的一切"},
		},
		{
			[]string{"JAVA_TOOL_OPTIONS"},
			lang.T{En: "what was set, and properties that name the proxy and a PKCS#12 trust store with the certificates of SSL_CERT_FILE", Zh: "原有内容，再加指定代理和 PKCS#12 信任库（内容与 SSL_CERT_FILE 相同）的系统属性"},
			lang.T{En: "every Java virtual machine, which says so in a line on standard error: java.net.http.HttpClient, HttpURLConnection, and libraries that follow the system's properties", Zh: "所有 Java 虚拟机（会在标准错误输出一行提示）：java.net.http.HttpClient、HttpURLConnection，以及遵循系统属性的库"},
		},
		{
			[]string{"PHP_INI_SCAN_DIR"},
			lang.T{En: "what was set, and a directory with an ini file: curl.cainfo, openssl.cafile, and an auto_prepend_file that leads https streams", Zh: "原有内容，再加一个含 ini 文件的目录：curl.cainfo、openssl.cafile，以及引导 https 流的 auto_prepend_file"},
			lang.T{En: "PHP: the curl extension, file_get_contents and fopen", Zh: "PHP：curl 扩展、file_get_contents、fopen"},
		},
		{
			[]string{"SYSTEM_WGETRC"},
			lang.T{En: "the system's wgetrc, and the certificates of SSL_CERT_FILE", Zh: "系统的 wgetrc，再加 SSL_CERT_FILE 中的证书"},
			lang.T{En: "wget", Zh: "wget"},
		},
	}
}
