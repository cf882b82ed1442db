package child

import (
	"os"
	"os/exec"
	"unsafe"

	"golang.org/x/sys/windows"
)

// A family is a program and what it starts, held together by a job object: closing it ends them all. Ctrl-C reaches every process of the
// console, so there is nothing to pass on.
type family struct {
	job     windows.Handle
	process *os.Process
}

func newFamily(*exec.Cmd) *family {
	job, err := windows.CreateJobObject(nil, nil)
	if err != nil {
		return &family{} // the program runs all the same; only what it leaves behind is not ended
	}
	limits := windows.JOBOBJECT_EXTENDED_LIMIT_INFORMATION{
		BasicLimitInformation: windows.JOBOBJECT_BASIC_LIMIT_INFORMATION{LimitFlags: windows.JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE},
	}
	size := uint32(unsafe.Sizeof(limits))
	if _, err := windows.SetInformationJobObject(job, windows.JobObjectExtendedLimitInformation, uintptr(unsafe.Pointer(&limits)), size); err != nil {
		_ = windows.CloseHandle(job)
		return &family{}
	}
	return &family{job: job}
}

func (f *family) started(p *os.Process) {
	f.process = p
	if f.job == 0 {
		return
	}
	handle, err := windows.OpenProcess(windows.PROCESS_SET_QUOTA|windows.PROCESS_TERMINATE, false, uint32(p.Pid))
	if err != nil {
		return // it has ended already
	}
	_ = windows.AssignProcessToJobObject(f.job, handle) // likewise
	_ = windows.CloseHandle(handle)
}

// pass has nothing to do: the console told the program.
func (f *family) pass(os.Signal) {}

func (f *family) kill() {
	if f.job != 0 {
		_ = windows.TerminateJobObject(f.job, 1)
	}
	_ = f.process.Kill() // an error says that it has ended
}

func (f *family) close() {
	if f.job != 0 {
		_ = windows.CloseHandle(f.job)
	}
}

// passed are the signals that there are: Ctrl-C and Ctrl-Break, and the closing of the console, which Go calls SIGTERM.
func passed() []os.Signal { return []os.Signal{os.Interrupt, windows.SIGTERM} }

func endsProgram(os.Signal) bool { return true }

func watchPipe() {}
