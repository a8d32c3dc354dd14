package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Share Zone's instance of Apache.
const (
	apacheFolder  = "/etc/apache2-sharezone"
	apachePIDFile = "/run/apache2-sharezone/apache2.pid"
	apacheUnit    = "apache2@sharezone"
)

// checkApache checks that the instance can start, runs, listens, and may start the gate as root.
func (u *checkup) checkApache() {
	if _, err := os.Stat("/usr/sbin/apache2ctl"); !u.check(err == nil, finding{Check: "missing",
		Subject: "/usr/sbin/apache2ctl", Found: errorText(err), Mend: "apt-get install apache2"}) {
		return
	}
	if _, err := os.Stat(apacheFolder); err != nil {
		return // said among the paths
	}
	said, err := tool("/usr/sbin/apache2ctl", "configtest")
	u.check(err == nil, finding{Check: "apache-config", Subject: apacheFolder, Found: said, Mend: install})
	process := apacheProcess()
	if !u.check(process != "", finding{Check: "apache-down", Subject: apacheUnit, Mend: apacheCommand("start")}) {
		return
	}
	status, _ := os.ReadFile(process + "/status")
	u.check(!strings.Contains(string(status), "NoNewPrivs:\t1"), finding{Check: "apache-privileges", Subject: apacheUnit,
		Mend: noNewPrivilegesMend()})
	listening := listeningPorts(process)
	for _, address := range listenAddresses() {
		port := address[strings.LastIndexByte(address, ':')+1:]
		n, err := strconv.ParseUint(port, 10, 16)
		u.check(err == nil && listening[uint16(n)], finding{Check: "apache-deaf", Subject: apacheUnit, Right: address,
			Mend: apacheCommand("restart")})
	}
}

// apacheCommand works with systemd and without, as install.sh does.
func apacheCommand(verb string) string {
	if _, err := os.Stat("/run/systemd/system"); err == nil {
		return "systemctl " + verb + " " + apacheUnit
	}
	return "APACHE_CONFDIR=" + apacheFolder + " apache2ctl " + verb
}

func noNewPrivilegesMend() string {
	if _, err := os.Stat("/run/systemd/system"); err != nil {
		wait := "while [ -e " + apachePIDFile + " ]; do sleep 0.1; done" // it ends after it said so
		return apacheCommand("stop") + " && " + wait + " && " + apacheCommand("start")
	}
	folder := "/etc/systemd/system/" + apacheUnit + ".service.d"
	return fmt.Sprintf(`mkdir -p %s && printf '[Service]\nNoNewPrivileges=no\n' > %s/sharezone.conf && `+
		"systemctl daemon-reload && %s", folder, folder, apacheCommand("restart"))
}

// apacheProcess returns the folder in /proc of the instance's first process, "" when it does not run.
func apacheProcess() string {
	text, err := os.ReadFile(apachePIDFile)
	if err != nil {
		return ""
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		return ""
	}
	process := fmt.Sprintf("/proc/%d", pid)
	program, err := os.Readlink(process + "/exe")
	if err != nil || !strings.HasPrefix(program, "/usr/sbin/apache2") {
		return "" // somebody else has the number now
	}
	return process
}

// listenAddresses are the arguments of Listen in the instance's configuration.
func listenAddresses() []string {
	var found []string
	files, _ := filepath.Glob(apacheFolder + "/local.d/*.conf")
	for _, file := range append(files, apacheFolder+"/listen.conf") {
		text, err := os.ReadFile(file)
		if err != nil {
			continue
		}
		for line := range strings.Lines(string(text)) {
			words := strings.Fields(line)
			if len(words) >= 2 && strings.EqualFold(words[0], "Listen") {
				found = append(found, words[1])
			}
		}
	}
	return found
}

// listeningPorts are the TCP ports on which a process listens: the sockets among its descriptors that /proc/net/tcp
// shows in state 0A.
func listeningPorts(process string) map[uint16]bool {
	own := make(map[string]bool)
	descriptors, _ := filepath.Glob(process + "/fd/*")
	for _, d := range descriptors {
		if target, err := os.Readlink(d); err == nil && strings.HasPrefix(target, "socket:[") {
			own[strings.Trim(target, "socket:[]")] = true
		}
	}
	ports := make(map[uint16]bool)
	for _, table := range []string{"/net/tcp", "/net/tcp6"} {
		text, _ := os.ReadFile(process + table)
		for line := range strings.Lines(string(text)) {
			words := strings.Fields(line)
			if len(words) < 10 || words[3] != "0A" || !own[words[9]] {
				continue
			}
			_, port, _ := strings.Cut(words[1], ":")
			if n, err := strconv.ParseUint(port, 16, 16); err == nil {
				ports[uint16(n)] = true
			}
		}
	}
	return ports
}
