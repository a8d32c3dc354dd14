package test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"sharezone/internal/layout"
)

// packers make an archive, "$1", of what lies in the present folder.
var packers = map[string]string{
	"info-zip.zip":  `zip -qr "$1" .`,
	"7-zip.zip":     `$(command -v 7z || command -v 7zz) a -bso0 -bsp0 -tzip "$1" .`,
	"python.zip":    `/usr/bin/python3 -c 'import shutil, sys; shutil.make_archive(sys.argv[1][:-4], "zip", ".")' "$1"`,
	"bsdtar.zip":    `bsdtar -caf "$1" .`,
	"gnu-tar.tar":   `tar -cf "$1" .`,
	"posix-tar.tar": `tar -H posix -cf "$1" *`,
	"v7-tar.tar":    `tar -H ustar -cf "$1" *`,
	"bsdtar.tar.gz": `bsdtar -caf "$1" .`,
	"gzip.tgz":      `tar -czf "$1" *`,
	"zstd.tar.zst":  `tar -cf - . | zstd -q -19 --long=24 -o "$1"`,
	"7-zip.tar":     `$(command -v 7z || command -v 7zz) a -bso0 -bsp0 -ttar "$1" .`,
	"python.tar.gz": `/usr/bin/python3 -c 'import shutil, sys; shutil.make_archive(sys.argv[1][:-7], "gztar", ".")' "$1"`,
}

// TestUnzipOthers: archives of other programs give the same names, times and bytes.
func TestUnzipOthers(t *testing.T) {
	zone := newZone(t, "user:bruno=write")
	source, archives := t.TempDir(), t.TempDir()
	script := `cd "$1" && mkdir -p sub/empty && printf 'text %.0s' $(seq 20000) >text.txt && head -c 300000 /dev/urandom >random.bin && : >nothing && printf x >'società è già 日本.txt' &&
		printf z >"sub/$(printf 'n%.0s' $(seq 90))" && chmod -R go-w . && find . -type f -exec touch -d '2024-02-29 12:34:56' {} +`
	run(t, "bash", "-c", script, "bash", source)
	want := described(t, source)
	time := regexp.MustCompile(` 2024-02-29\+12:34:5[0-9.]+ `)
	for name, script := range packers {
		run(t, "bash", "-c", `cd "$1" && shift && `+script, "bash", source, filepath.Join(archives, name))
		if a := curlAs(t, "bruno", "-T", filepath.Join(archives, name), "/cgi-bin/shz/"+zone+"/"+name); a.status != 201 {
			t.Fatal(name, a.status)
		}
		a := form(t, "bruno", "/cgi-bin/shz/"+zone+"/", false, "op=unzip", "name="+name, "to=out "+name)
		if a.status != 200 || !strings.Contains(a.body, `"status":"ok"`) {
			t.Errorf("%s: %d %s", name, a.status, a.body)
			continue
		}
		got := described(t, zonePath(zone, "out "+name))
		// Only the bytes and names are the same everywhere: some write times in the zone of the machine, or to two seconds.
		plain := func(lines []string) string { return time.ReplaceAllString(strings.Join(lines, "\n"), " ") }
		if plain(got) != plain(want) {
			t.Errorf("%s:\n%s\nnot\n%s", name, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
	// What arrived is as uploads are.
	place := zonePath(zone, "out info-zip.zip")
	if got := strings.Fields(run(t, "stat", "-c", "%U %a", place, place+"/text.txt", place+"/sub")); fmt.Sprint(got) != "[bruno 1770 bruno 640 bruno 1770]" {
		t.Error(got)
	}
	acl := func(name string) string { return run(t, "getfacl", "-c", "-p", "--", name) }
	if got, want := acl(place+"/sub/"+strings.Repeat("n", 90)), acl(zonePath(zone, "info-zip.zip")); got != want {
		t.Errorf("%s\nnot\n%s", got, want)
	}
}

// TestUnzipHostile: what other programs can be made to pack, and must not come out.
func TestUnzipHostile(t *testing.T) {
	zone := newZone(t, "user:bruno=write")
	archives := t.TempDir()
	python := func(code string) string {
		return `/usr/bin/python3 - "$1" <<'END'
import sys, zipfile, tarfile, io
out = sys.argv[1]
` + code + "\nEND"
	}
	for name, row := range map[string]struct{ script, reason string }{
		"link.zip":      {`mkdir d && ln -s /etc/passwd d/link && zip -qry "$1" d`, "link"},
		"link.tar":      {`ln -s / l && tar -cf "$1" l`, "link"},
		"through.tar":   {python("t = tarfile.open(out, 'w')\ni = tarfile.TarInfo('a'); i.type = tarfile.SYMTYPE; i.linkname = '/tmp'; t.addfile(i)\ni = tarfile.TarInfo('a/evil'); i.size = 1; t.addfile(i, io.BytesIO(b'x'))\nt.close()"), "link"},
		"hard.tar":      {`printf x >a && ln a b && tar -cf "$1" a b`, "link"},
		"device.tar":    {`mknod null c 1 3 && tar -cf "$1" null`, "device"},
		"fifo.tar":      {`mkfifo f && tar -cf "$1" f`, "device"},
		"setuid.tar":    {`printf x >su && chmod 4755 su && tar -cf "$1" su`, "setid"},
		"setuid.zip":    {`printf x >su && chmod 4755 su && zip -q "$1" su`, "setid"},
		"dots.zip":      {python("z = zipfile.ZipFile(out, 'w'); z.writestr('../../evil', 'x'); z.close()"), "outside"},
		"absolute.zip":  {python("z = zipfile.ZipFile(out, 'w'); z.writestr('/tmp/evil', 'x'); z.close()"), "outside"},
		"drive.zip":     {python("z = zipfile.ZipFile(out, 'w'); z.writestr('C:/evil', 'x'); z.close()"), "outside"},
		"back.zip":      {python("z = zipfile.ZipFile(out, 'w'); i = zipfile.ZipInfo('x'); i.filename = '..\\\\evil'; z.writestr(i, 'x'); z.close()"), "name"},
		"absolute.tar":  {`printf x >/tmp/shz-evil && tar -P -cf "$1" /tmp/shz-evil; rm /tmp/shz-evil`, "outside"},
		"dots.tar":      {`printf x >evil && mkdir d && cd d && tar -P -cf "$1" ../evil`, "outside"},
		"twice.zip":     {python("import warnings; warnings.simplefilter('ignore')\nz = zipfile.ZipFile(out, 'w'); z.writestr('a', '1'); z.writestr('a', '2'); z.close()"), "duplicate"},
		"twice.tar":     {`printf x >a && tar -cf "$1" a && tar -rf "$1" a`, "duplicate"},
		"forms.zip":     {python("z = zipfile.ZipFile(out, 'w'); z.writestr('e\\u0301', '1'); z.writestr('\\u00e9', '2'); z.close()"), "duplicate"},
		"both.zip":      {python("z = zipfile.ZipFile(out, 'w'); z.writestr('a', '1'); z.writestr('a/b', '2'); z.close()"), "duplicate"},
		"encrypted.zip": {`printf x >a && zip -q -P secret "$1" a`, "encrypted"},
		"aes.zip":       {`printf x >a && $(command -v 7z || command -v 7zz) a -bso0 -bsp0 -tzip -psecret -mem=AES256 "$1" a`, "encrypted"},
		"lzma.zip":      {`head -c 100000 /dev/zero >a && $(command -v 7z || command -v 7zz) a -bso0 -bsp0 -tzip -mm=LZMA "$1" a`, "method"},
		"seven.7z":      {`printf x >a && $(command -v 7z || command -v 7zz) a -bso0 -bsp0 "$1" a`, "unknown"},
		"bomb.zip":      {`head -c 300000000 /dev/zero >a && zip -q "$1" a`, "ratio"},
		"bomb.tar.gz":   {`head -c 300000000 /dev/zero >a && tar -czf "$1" a`, "ratio"},
		"bomb.tar.zst":  {`head -c 300000000 /dev/zero >a && tar -cf - a | zstd -q -o "$1"`, "ratio"},
		"sparse.tar":    {`truncate -s 200G a && tar -S -cf "$1" a`, "bytes"},
		"many.zip":      {python("z = zipfile.ZipFile(out, 'w')\nfor i in range(100001): z.writestr(zipfile.ZipInfo(str(i)), '')\nz.close()"), "entries"},
		"deep.tar":      {python("t = tarfile.open(out, 'w'); i = tarfile.TarInfo('d/' * 120 + 'x'); t.addfile(i); t.close()"), "depth"},
		"cut.zip":       {`head -c 100000 /dev/urandom >a && zip -q w.zip a && head -c 50000 w.zip >"$1"`, "truncated"},
		"cut.tar":       {`head -c 100000 /dev/urandom >a && tar -cf w.tar a && head -c 50000 w.tar >"$1"`, "truncated"},
		"cut.tar.gz":    {`head -c 100000 /dev/urandom >a && tar -czf w.tar a && head -c 50000 w.tar >"$1"`, "truncated"},
		"hidden.zip":    {python("z = zipfile.ZipFile(out, 'w'); z.writestr('d/.shz-x/y', 'x'); z.close()"), "name"},
		"control.zip":   {python("z = zipfile.ZipFile(out, 'w'); z.writestr('a\\x1b[2J', 'x'); z.close()"), "name"},
	} {
		file := filepath.Join(archives, name)
		folder := t.TempDir()
		run(t, "bash", "-c", `cd "$2" && `+row.script, "bash", file, folder)
		if a := curlAs(t, "bruno", "-T", file, "/cgi-bin/shz/"+zone+"/"+name); a.status != 201 {
			t.Fatal(name, a.status)
		}
		before := snapshot(t, layout.Base)
		a := form(t, "bruno", "/cgi-bin/shz/"+zone+"/", false, "op=unzip", "name="+name)
		if a.status != 200 || !strings.Contains(a.body, `"reason":"`+row.reason+`"`) {
			t.Errorf("%s: %d %s%s", name, a.status, a.body, a.stderr)
		}
		compareNames(t, name, before, snapshot(t, layout.Base))
		os.Remove(zonePath(zone, name))
		os.Remove(file)
	}
}

// compareNames compares what lies where, without the times of the zone's root, in which something grew and vanished.
func compareNames(t *testing.T, what string, before, after []string) {
	t.Helper()
	time := regexp.MustCompile(` (mtime|ctime)=[0-9]+`)
	if was, is := time.ReplaceAllString(strings.Join(before, "\n"), ""), time.ReplaceAllString(strings.Join(after, "\n"), ""); was != is {
		t.Errorf("%s: was\n%s\nis\n%s", what, was, is)
	}
}

// TestUnzipStopsAtEachStep: the folder is there with everything in it, or not at all.
func TestUnzipStopsAtEachStep(t *testing.T) {
	zone := newZone(t, "user:bruno=write")
	file := filepath.Join(t.TempDir(), "x.zip")
	run(t, "bash", "-c", `cd "$(dirname "$1")" && mkdir -p d/e && printf one >d/one && printf two >d/e/two && zip -qr "$1" d`, "bash", file)
	calls := []string{"mkdirat 1", "write 1", "utimensat 1", "syncfs 1", "renameat2 1"}
	if os.Getenv("SHZ_LONG") == "1" {
		calls = nil
		for _, name := range []string{"mkdirat", "openat", "openat2", "write", "utimensat", "fstatfs", "syncfs", "renameat2", "fsync", "close"} {
			for when := 1; when <= 12; when++ {
				calls = append(calls, fmt.Sprint(name, " ", when))
			}
		}
	}
	for _, call := range calls {
		run(t, "find", zonePath(zone), "-mindepth", "1", "-delete")
		if out, status := asUser(t, "bruno", "sh", "-c", `cat >"$1"`, "sh", zonePath(zone, "x.zip")); status != 0 {
			t.Fatal(out)
		}
		run(t, "cp", file, zonePath(zone, "x.zip"))
		name, when, _ := strings.Cut(call, " ")
		tracedForm(t, "/cgi-bin/shz/"+zone+"/", "op=unzip&name=x.zip", "-e", "trace="+name, "-e", "inject="+name+":signal=KILL:when="+when)
		if !exists(zonePath(zone, "x")) {
			continue
		}
		if out, err := exec.Command("bash", "-c", `cd "$1/x" && find . -type f -exec cat {} + | wc -c`, "bash", zonePath(zone)).Output(); err != nil || strings.TrimSpace(string(out)) != "6" {
			t.Errorf("%s: half a folder: %s", call, out)
		}
	}
}
