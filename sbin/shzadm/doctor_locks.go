package main

import (
	"bytes"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// lockFiles are with which the tools of passwd(5) keep each other out: useradd(8) makes PATH.lock, with its process's
// number in it, and removes it when it is done.
var lockFiles = []string{"/etc/passwd.lock", "/etc/shadow.lock", "/etc/group.lock", "/etc/gshadow.lock", "/etc/subuid.lock", "/etc/subgid.lock"}

// lockTools are the programs that make them.
var lockTools = map[string]bool{
	"useradd": true, "usermod": true, "userdel": true, "groupadd": true, "groupmod": true, "groupdel": true, "groupmems": true,
	"gpasswd": true, "chpasswd": true, "chgpasswd": true, "chage": true, "passwd": true, "newusers": true, "chfn": true, "chsh": true,
	"vipw": true, "vigr": true, "pwck": true, "grpck": true, "pwconv": true, "grpconv": true, "pwunconv": true, "grpunconv": true,
}

// Lckpwdf(3) locks this file for all of them. It is always there: the lock is in the kernel, and goes with its process.
const passwordLock = "/etc/.pwd.lock"

const (
	// lockPatience is how old a lock may be whose program runs: vipw(8) holds one while somebody edits.
	lockPatience = 10 * time.Minute
	// lockLooks and lockPause: a program that holds .pwd.lock needs milliseconds.
	lockLooks = 20
	lockPause = 100 * time.Millisecond
)

// checkLocks finds what keeps everybody on the machine from changing accounts: lock files whose program died, and locks
// that are held for long.
func (u *checkup) checkLocks() {
	for _, path := range lockFiles {
		st, err := os.Lstat(path)
		if err != nil {
			u.checks++
			continue
		}
		holder, name := lockHolder(path)
		switch {
		case !lockTools[name]:
			u.check(false, finding{Check: "stale-lock", Subject: path, Found: holder, Mend: "rm -f -- " + path})
		default:
			u.check(time.Since(st.ModTime()) < lockPatience, finding{Check: "held-lock", Subject: path, Found: holder + " " + name})
		}
	}
	holder, name := passwordLockHolder()
	u.check(holder == "", finding{Check: "held-lock", Subject: passwordLock, Found: holder + " " + name})
}

// lockHolder returns the number that stands in a lock file, and what the process is called that has it now; both are ""
// where there is none.
func lockHolder(path string) (pid, name string) {
	b, err := os.ReadFile(path)
	if err != nil || len(b) > 32 {
		return "", ""
	}
	pid = string(bytes.Trim(b, "\x00\n "))
	if n, err := strconv.Atoi(pid); err != nil || n <= 0 {
		return "", ""
	}
	return pid, processName(pid)
}

func processName(pid string) string {
	name, err := os.ReadFile("/proc/" + pid + "/comm")
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(name))
}

// passwordLockHolder returns who holds the lock of lckpwdf(3) each time that it is looked at.
func passwordLockHolder() (pid, name string) {
	file, err := os.Open(passwordLock)
	if err != nil {
		return "", ""
	}
	defer file.Close()
	for look := range lockLooks {
		if look > 0 {
			time.Sleep(lockPause)
		}
		lock := unix.Flock_t{Type: unix.F_RDLCK}
		if err := unix.FcntlFlock(file.Fd(), unix.F_GETLK, &lock); err != nil || lock.Type == unix.F_UNLCK {
			return "", ""
		}
		pid = strconv.Itoa(int(lock.Pid))
	}
	return pid, processName(pid)
}
