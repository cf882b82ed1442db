package intercept

import (
	"syscall"
	"unsafe"
)

// systemRoots adds the roots of the current user's store, which shows the machine's as well.
func systemRoots(to *certificates) {
	name, err := syscall.UTF16PtrFromString("ROOT")
	if err != nil {
		return
	}
	store, err := syscall.CertOpenSystemStore(0, name)
	if err != nil {
		return
	}
	defer func() { _ = syscall.CertCloseStore(store, 0) }()
	var found *syscall.CertContext
	for {
		if found, err = syscall.CertEnumCertificatesInStore(store, found); err != nil {
			return // there are no more
		}
		der := unsafe.Slice(found.EncodedCert, found.Length)
		to.addDER(append([]byte(nil), der...)) // the memory is the store's
	}
}
