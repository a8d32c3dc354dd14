package main

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"sharezone/internal/config"
)

// apacheInstance is the name of one of Share Zone's instances of Apache. That of the external entry is off as long as it is
// to listen nowhere.
type apacheInstance string

const (
	internalApache apacheInstance = "sharezone"
	externalApache apacheInstance = "sharezone-external"
)

func (a apacheInstance) folder() string  { return "/etc/apache2-" + string(a) }
func (a apacheInstance) pidFile() string { return "/run/apache2-" + string(a) + "/apache2.pid" }
func (a apacheInstance) unit() string    { return "apache2@" + string(a) }

// checkApache checks that the instances can start, run, listen, and may start the gate as root.
func (u *checkup) checkApache() {
	if _, err := os.Stat("/usr/sbin/apache2ctl"); !u.check(err == nil, finding{Check: "missing",
		Subject: "/usr/sbin/apache2ctl", Found: errorText(err), Mend: "apt-get install apache2"}) {
		return
	}
	u.checkInstance(internalApache)
	if len(externalApache.listenAddresses()) > 0 {
		u.checkInstance(externalApache)
		u.checkHSTS()
	}
}

// checkHSTS: a browser that was once told by the proxy to come by https alone (Strict-Transport-Security) does so wherever the
// name leads it, and from inside it finds nobody who speaks TLS.
func (u *checkup) checkHSTS() {
	s, err := config.Read()
	if err != nil {
		return // said of the settings
	}
	internal, external := s.Internal.PublicURL, s.External.PublicURL
	u.check(!forcedToTLS(internal, external), finding{Check: "hsts", Subject: internal, Found: external, Mend: install + " --tls"})
}

// forcedToTLS says whether the internal entry's URL is http under the external one's name. HSTS is for a name, with every port.
func forcedToTLS(internal, external string) bool {
	inside, err := url.Parse(internal)
	outside, errOutside := url.Parse(external)
	return err == nil && errOutside == nil && inside.Scheme == "http" && inside.Hostname() == outside.Hostname()
}

func (u *checkup) checkInstance(a apacheInstance) {
	if _, err := os.Stat(a.folder()); err != nil {
		return // said among the paths
	}
	said, err := tool("/usr/bin/env", "APACHE_CONFDIR="+a.folder(), "/usr/sbin/apache2ctl", "configtest")
	u.check(err == nil, finding{Check: "apache-config", Subject: a.folder(), Found: said, Mend: install})
	process := a.process()
	if !u.check(process != "", finding{Check: "apache-down", Subject: a.unit(), Mend: a.command("start")}) {
		return
	}
	status, _ := os.ReadFile(process + "/status")
	u.check(!strings.Contains(string(status), "NoNewPrivs:\t1"), finding{Check: "apache-privileges", Subject: a.unit(),
		Mend: a.noNewPrivilegesMend()})
	if _, err := os.Stat("/run/systemd/system"); err == nil {
		// 2: system calls are filtered, as the unit says since it was last started.
		u.check(strings.Contains(string(status), "Seccomp:\t2"), finding{Check: "apache-unhardened", Subject: a.unit(), Mend: a.command("restart")})
	}
	listening := listeningPorts(process)
	for _, address := range a.listenAddresses() {
		port := address[strings.LastIndexByte(address, ':')+1:]
		n, err := strconv.ParseUint(port, 10, 16)
		u.check(err == nil && listening[uint16(n)], finding{Check: "apache-deaf", Subject: a.unit(), Right: address,
			Mend: a.command("restart")})
	}
}

// command works with systemd and without, as install.sh does.
func (a apacheInstance) command(verb string) string {
	if _, err := os.Stat("/run/systemd/system"); err == nil {
		return "systemctl " + verb + " " + a.unit()
	}
	return "APACHE_CONFDIR=" + a.folder() + " apache2ctl " + verb
}

func (a apacheInstance) noNewPrivilegesMend() string {
	if _, err := os.Stat("/run/systemd/system"); err != nil {
		return a.stopAndWait() + " && " + a.command("start")
	}
	folder := "/etc/systemd/system/" + a.unit() + ".service.d"
	return fmt.Sprintf(`mkdir -p %s && printf '[Service]\nNoNewPrivileges=no\n' > %s/sharezone.conf && `+
		"systemctl daemon-reload && %s", folder, folder, a.command("restart"))
}

// stopAndWait stops an instance that apache2ctl started. Its first process removes the file with its number some time before it ends, and
// has the addresses till then.
func (a apacheInstance) stopAndWait() string {
	return "pid=$(cat " + a.pidFile() + ") && " + a.command("stop") + " && while [ -e /proc/$pid ]; do sleep 0.1; done"
}

// process returns the folder in /proc of the instance's first process, "" when it does not run.
func (a apacheInstance) process() string {
	text, err := os.ReadFile(a.pidFile())
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
func (a apacheInstance) listenAddresses() []string {
	var found []string
	files, _ := filepath.Glob(a.folder() + "/local.d/*.conf")
	for _, file := range append(files, a.folder()+"/listen.conf") {
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
