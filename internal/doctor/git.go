package doctor

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/wxlogin/wxlogin/internal/lang"
	"github.com/wxlogin/wxlogin/internal/redact"
)

// gitPatience bounds the search of a large repository.
const gitPatience = 5 * time.Second

// git looks for the AppSecret in what git keeps: in the files of this repository, and in whether the files that hold it are of one.
// Whoever gets the repository gets them.
func (x *examination) git(ctx context.Context) {
	program, err := exec.LookPath("git")
	if err != nil {
		x.skip(AreaProject, "git", textNoGit)
		return
	}
	if x.secret.IsZero() && (x.Config == nil || len(x.Config.SecretFiles()) == 0) {
		x.skip(AreaProject, "git", textNoSecret)
		return
	}
	ctx, cancel := context.WithTimeout(ctx, gitPatience)
	defer cancel()
	tracked := x.trackedSecretFiles(ctx, program)
	inside, complete := x.filesWithSecret(ctx, program)
	for _, path := range append(tracked, inside...) {
		x.add(AreaProject, "git", Fail, textInGit.With(path), textFixGit.With())
	}
	switch {
	case len(tracked)+len(inside) > 0:
	case !complete:
		x.skip(AreaProject, "git", textGitUnknown)
	default:
		x.ok(AreaProject, "git", textNotInGit)
	}
}

// trackedSecretFiles returns the files that wxlogin reads the secret from and that git tracks.
func (x *examination) trackedSecretFiles(ctx context.Context, program string) []string {
	if x.Config == nil {
		return nil
	}
	var tracked []string
	for _, path := range x.Config.SecretFiles() {
		absolute, err := filepath.Abs(path)
		if err != nil {
			continue
		}
		if target, err := filepath.EvalSymlinks(absolute); err == nil {
			absolute = target
		}
		//nolint:gosec // G204: git, and a file that the configuration names
		command := exec.CommandContext(ctx, program, "-C", filepath.Dir(absolute), "ls-files", "--error-unmatch", "--", filepath.Base(absolute))
		command.Env = gitEnvironment()
		if command.Run() == nil {
			tracked = append(tracked, path)
		}
	}
	return tracked
}

// filesWithSecret returns the files of the repository of this directory in which the AppSecret stands. git reads it from standard
// input, so that it stands on no command line. complete is false when the search did not come to its end.
func (x *examination) filesWithSecret(ctx context.Context, program string) (names []string, complete bool) {
	if x.secret.IsZero() {
		return nil, true
	}
	command := exec.CommandContext(ctx, program, "grep", "--files-with-matches", "--fixed-strings", "-I", "-f", "-")
	command.Dir = x.Dir
	command.Env = gitEnvironment()
	command.Stdin = strings.NewReader(x.secret.Reveal() + "\n")
	var out bytes.Buffer
	command.Stdout = &out
	err := command.Run()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok && ctx.Err() == nil {
		return nil, exit.ExitCode() == 1 || exit.ExitCode() == 128 // nothing found; no repository
	}
	for name := range strings.Lines(out.String()) {
		names = append(names, redact.Shorten(strings.TrimSpace(name), 200))
	}
	return names, err == nil
}

// gitEnvironment keeps git from asking anybody and from what a surrounding hook has set.
func gitEnvironment() []string {
	var env []string
	for _, pair := range os.Environ() {
		if name, _, _ := strings.Cut(pair, "="); !strings.HasPrefix(name, "GIT_") && !strings.HasPrefix(name, "WXLOGIN_") {
			env = append(env, pair)
		}
	}
	return append(env, "GIT_TERMINAL_PROMPT=0", "GIT_OPTIONAL_LOCKS=0", "LC_ALL=C")
}

var (
	textNoGit      = lang.T{En: "git is not installed: whether the secret is in a repository is not known", Zh: "没有安装 git：无法得知密钥是否在仓库中"}
	textNoSecret   = lang.T{En: "there is no AppSecret to look for in git", Zh: "没有可在 git 中查找的 AppSecret"}
	textGitUnknown = lang.T{En: "git did not answer in time: whether the secret is in the repository is not known", Zh: "git 未能及时完成：无法得知密钥是否在仓库中"}
	textInGit      = lang.T{En: "%s holds the AppSecret and is tracked by git", Zh: "%s 含有 AppSecret，且受 git 管理"}
	textFixGit     = lang.T{En: "git rm --cached FILE, list it in .gitignore, and reset the AppSecret in mp.weixin.qq.com: the history keeps it", Zh: "git rm --cached 该文件并加入 .gitignore，再到 mp.weixin.qq.com 重置 AppSecret：历史记录中仍有旧值"}
	textNotInGit   = lang.T{En: "git tracks no file here that holds the AppSecret", Zh: "git 管理的文件中没有 AppSecret"}
)
