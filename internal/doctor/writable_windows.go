package doctor

import "os"

// writable tries it: access control lists are not read off a mode. The file that it makes is gone at once.
func writable(dir string) bool {
	file, err := os.CreateTemp(dir, ".wxlogin-*")
	if err != nil {
		return false
	}
	_ = file.Close()
	return os.Remove(file.Name()) == nil
}
