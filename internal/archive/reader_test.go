package archive

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// roomy are limits that nothing here reaches by itself.
var roomy = Limits{Entries: 1000, Bytes: 1 << 30, Ratio: 1 << 20, Depth: 50}

// opened opens an archive that lies in a file, and reads all of it: "path=content" or "path/" for each entry.
func opened(t *testing.T, content []byte, limits Limits) (all []string, err error) {
	t.Helper()
	name := filepath.Join(t.TempDir(), "archive")
	must(t, os.WriteFile(name, content, 0o600))
	f, err := os.Open(name)
	must(t, err)
	defer f.Close()
	r, err := Open(f, limits)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	for {
		e, err := r.Next()
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return all, err
		}
		b, err := io.ReadAll(r)
		if err != nil {
			return all, err
		}
		line := strings.Join(e.Path, "/") + "=" + string(b)
		if e.Folder {
			line = strings.Join(e.Path, "/") + "/"
		}
		all = append(all, line)
	}
}

// refused says why an archive was refused, "" if it was not.
func refused(t *testing.T, content []byte, limits Limits) string {
	t.Helper()
	all, err := opened(t, content, limits)
	var r *Refusal
	if errors.As(err, &r) {
		return string(r.Reason) + " " + r.Entry
	}
	if err != nil {
		t.Errorf("an error that is no refusal: %v", err)
	}
	return fmt.Sprintf("%q", all)
}

// zipped is a zip of entries, each as change makes its header.
func zipped(t testing.TB, entries ...zip.FileHeader) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, h := range entries {
		content := h.Comment
		h.Comment = ""
		e, err := w.CreateHeader(&h)
		must(t, err)
		if !strings.HasSuffix(h.Name, "/") {
			_, err = io.WriteString(e, content)
			must(t, err)
		}
	}
	must(t, w.Close())
	return b.Bytes()
}

// zfile is a file of a zip; its content goes by way of the comment.
func zfile(name, content string) zip.FileHeader {
	return zip.FileHeader{Name: name, Comment: content, Method: zip.Deflate}
}

func zmode(name string, mode fs.FileMode) zip.FileHeader {
	h := zfile(name, "x")
	h.SetMode(mode)
	return h
}

// raw is a name in bytes that are not said to be UTF-8.
func zraw(name string) zip.FileHeader {
	h := zfile(name, "x")
	h.NonUTF8 = true
	return h
}

func tarred(t testing.TB, headers ...tar.Header) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, h := range headers {
		content := h.Uname
		h.Uname = ""
		if h.Typeflag == 0 {
			h.Typeflag, h.Size = tar.TypeReg, int64(len(content))
		}
		if h.Mode == 0 && h.Typeflag != tar.TypeXGlobalHeader {
			h.Mode = 0o644
		}
		must(t, w.WriteHeader(&h))
		_, err := io.WriteString(w, content)
		must(t, err)
	}
	must(t, w.Close())
	return b.Bytes()
}

func tfile(name, content string) tar.Header { return tar.Header{Name: name, Uname: content} }

func gz(t testing.TB, content []byte) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, err := w.Write(content)
	must(t, err, w.Close())
	return b.Bytes()
}

func zst(t testing.TB, content []byte) []byte {
	w, err := zstd.NewWriter(nil)
	must(t, err)
	return w.EncodeAll(content, nil)
}

func TestOpen(t *testing.T) {
	text := strings.Repeat("text ", 10_000)
	want := []string{"folder/", "folder/sub/file=" + text, "empty=", "è 日本=x"}
	asTar := tarred(t, tar.Header{Name: "./", Typeflag: tar.TypeDir}, tar.Header{Name: "./folder/", Typeflag: tar.TypeDir}, tfile("./folder/sub/file", text), tfile("empty", ""), tfile("è 日本", "x"))
	for name, content := range map[string][]byte{
		"zip": zipped(t, zfile("folder/", ""), zfile("folder/sub/file", text), zfile("empty", ""), zfile("è 日本", "x")),
		"tar": asTar, "tar.gz": gz(t, asTar), "tar.zst": zst(t, asTar),
	} {
		got, err := opened(t, content, roomy)
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %v, %.200q", name, err, got)
		}
	}
	for name, content := range map[string][]byte{"zip": zipped(t), "tar": tarred(t)} {
		if got, err := opened(t, content, roomy); err != nil || len(got) > 0 {
			t.Errorf("empty %s: %v %q", name, err, got)
		}
	}
	// What our own writers make.
	for _, f := range formats {
		var b bytes.Buffer
		w := f.make(&b)
		must(t, w.Folder([]string{"a"}, when), add(w, "a/b", string(random(5000))), add(w, "c", text), w.Close())
		if got, err := opened(t, b.Bytes(), roomy); err != nil || !slices.Equal(got, []string{"a/", "a/b=" + string(random(5000)), "c=" + text}) {
			t.Errorf("%s: %v", f.name, err)
		}
	}
}

// TestZipNamesIn: in what encoding a name may come.
func TestZipNamesIn(t *testing.T) {
	extra := func(name, unicode string, sum uint32) zip.FileHeader {
		h := zraw(name)
		h.Extra = binary.LittleEndian.AppendUint16(nil, 0x7075)
		h.Extra = binary.LittleEndian.AppendUint16(h.Extra, uint16(5+len(unicode)))
		h.Extra = append(h.Extra, 1)
		h.Extra = binary.LittleEndian.AppendUint32(h.Extra, sum)
		h.Extra = append(h.Extra, unicode...)
		return h
	}
	for _, row := range []struct {
		h    zip.FileHeader
		want string
	}{
		{zraw("caff\x8a"), "caffè"},                                  // 437 and 850
		{zraw("perch\x82 \xb7 qui"), "perché À qui"},                 // 850: À; 437 has a corner of a box there
		{zraw("\xe3 vero"), "Ò vero"},                                // 850; 437 has π
		{zraw("100 \x9b"), "100 ø"},                                  // 850; 437 has ¢
		{zraw("5 \x9e"), "5 ₧"},                                      // 437: in 850 it is no letter either
		{zraw("stra\xe1e"), "straße"},                                // both
		{zraw("perch\u00e9"), "perché"},                              // UTF-8 that does not say so
		{zraw("perche\u0301"), "perché"},                             // as macOS writes it
		{zfile("e\u0301 \u304b\u3099", "x"), "é が"},                  // decomposed
		{extra("caff_", "caffè", 0xdeadbeef), "caff_"},               // the field is for another name
		{extra("caff\xe8", "caffè", 0x8f9ca25e), "caffè"},            // Info-ZIP's field
		{zraw("plain.txt"), "plain.txt"}, {zraw("\u2126"), "\u03a9"}, // the sign for ohm is the letter
	} {
		if strings.HasPrefix(row.want, "caffè") && len(row.h.Extra) > 0 {
			binary.LittleEndian.PutUint32(row.h.Extra[5:], crc32.ChecksumIEEE([]byte(row.h.Name)))
		}
		if got, err := opened(t, zipped(t, row.h), roomy); err != nil || !slices.Equal(got, []string{row.want + "=x"}) {
			t.Errorf("%q: %q %v, not %q", row.h.Name, got, err, row.want)
		}
	}
	if got, err := opened(t, tarred(t, tfile("e\u0301", "x"), tfile("caf\xe9", "y")), roomy); err != nil || !slices.Equal(got, []string{"é=x", "caf\xe9=y"}) {
		t.Errorf("%q %v", got, err)
	}
}

// badPaths are paths that no archive may have.
var badPaths = map[string]Reason{
	"../x": Outside, "a/../../x": Outside, "..": Outside, "a/..": Outside, "/etc/passwd": Outside, "//x": Outside, "C:/x": Outside, "c:x": Outside, "./../x": Outside,
	`..\x`: BadName, `a\b`: BadName, `C:\x`: Outside, `\\host\x`: BadName, "a//b": BadName, "a/./b": BadName, strings.Repeat("n", 256): BadName, "a/" + strings.Repeat("é", 128): BadName,
}

func TestBadPaths(t *testing.T) {
	for path, want := range badPaths {
		for format, content := range map[string][]byte{
			"zip": zipped(t, zfile("good", "x"), zfile(path, "x")), "tar": tarred(t, tfile("good", "x"), tfile(path, "x")),
			"tar.gz": gz(t, tarred(t, tfile(path, "x"))),
			"folder": zipped(t, zfile(path+"/", "")),
		} {
			if got := refused(t, content, roomy); got != string(want)+" "+path && got != string(want)+" "+path+"/" {
				t.Errorf("%s %.40q: %.100s, not %s", format, path, got, want)
			}
		}
	}
	// A NUL ends a name in a tar, and stands in that of a zip.
	if got := refused(t, zipped(t, zfile("a\x00b", "x")), roomy); got != "name a\x00b" {
		t.Errorf("%q", got)
	}
}

func TestBadKinds(t *testing.T) {
	encrypted := zipped(t, zfile("secret", "x"))
	setFlags(encrypted, 0x1)
	for what, row := range map[string]struct {
		content []byte
		want    string
	}{
		"zip link":       {zipped(t, zfile("a", "x"), zmode("link", fs.ModeSymlink|0o777)), "link link"},
		"zip device":     {zipped(t, zmode("dev", fs.ModeDevice|0o666)), "device dev"},
		"zip FIFO":       {zipped(t, zmode("fifo", fs.ModeNamedPipe|0o666)), "device fifo"},
		"zip setuid":     {zipped(t, zmode("su", fs.ModeSetuid|0o755)), "setid su"},
		"zip setgid":     {zipped(t, zmode("sg", fs.ModeSetgid|0o755)), "setid sg"},
		"zip encrypted":  {encrypted, "encrypted secret"},
		"zip method":     {method(zipped(t, zfile("bz", "x")), 12), "method bz"},
		"tar link":       {tarred(t, tar.Header{Name: "link", Typeflag: tar.TypeSymlink, Linkname: "/etc"}), "link link"},
		"tar hard link":  {tarred(t, tfile("a", "x"), tar.Header{Name: "hard", Typeflag: tar.TypeLink, Linkname: "a"}), "link hard"},
		"tar device":     {tarred(t, tar.Header{Name: "dev", Typeflag: tar.TypeChar}), "device dev"},
		"tar block":      {tarred(t, tar.Header{Name: "dev", Typeflag: tar.TypeBlock}), "device dev"},
		"tar FIFO":       {tarred(t, tar.Header{Name: "fifo", Typeflag: tar.TypeFifo}), "device fifo"},
		"tar setuid":     {tarred(t, tar.Header{Name: "su", Mode: 0o4755}), "setid su"},
		"tar setgid":     {tarred(t, tar.Header{Name: "sg", Mode: 0o2755}), "setid sg"},
		"folder, setgid": {tarred(t, tar.Header{Name: "d/", Typeflag: tar.TypeDir, Mode: 0o2775}), `["d/"]`},
		"git's remark":   {tarred(t, tar.Header{Typeflag: tar.TypeXGlobalHeader, PAXRecords: map[string]string{"comment": "0123"}}, tfile("a", "x")), `["a=x"]`},
	} {
		if got := refused(t, row.content, roomy); got != row.want {
			t.Errorf("%s: %s, not %s", what, got, row.want)
		}
	}
}

func TestLimits(t *testing.T) {
	large := strings.Repeat("x", 1000)
	many := func(n int) (z []zip.FileHeader, ta []tar.Header) {
		for i := range n {
			name := fmt.Sprint("file ", i)
			z, ta = append(z, zfile(name, large)), append(ta, tfile(name, large))
		}
		return z, ta
	}
	z, ta := many(20)
	for what, row := range map[string]struct {
		limits Limits
		want   string
	}{
		"entries": {Limits{Entries: 19, Bytes: 1 << 30, Ratio: 1000, Depth: 9}, "entries file 19"},
		"bytes":   {Limits{Entries: 99, Bytes: 19_999, Ratio: 1000, Depth: 9}, "bytes file 19"},
		"none":    {Limits{Entries: 20, Bytes: 20_000, Ratio: 1000, Depth: 1}, ""},
	} {
		for format, content := range map[string][]byte{"zip": zipped(t, z...), "tar": tarred(t, ta...), "tar.gz": gz(t, tarred(t, ta...)), "tar.zst": zst(t, tarred(t, ta...))} {
			if got := refused(t, content, row.limits); got != row.want && !(row.want == "" && strings.HasPrefix(got, `["file 0=xxx`)) {
				t.Errorf("%s %s: %.60s, not %s", format, what, got, row.want)
			}
		}
	}
	deep := strings.Repeat("d/", 10) + "x"
	for format, content := range map[string][]byte{"zip": zipped(t, zfile(deep, "x")), "tar": tarred(t, tfile(deep, "x"))} {
		limits := roomy
		limits.Depth = 10
		if got := refused(t, content, limits); got != "depth "+deep {
			t.Errorf("%s: %s", format, got)
		}
		limits.Depth = 11
		if got := refused(t, content, limits); !strings.HasPrefix(got, "[") {
			t.Errorf("%s: %s", format, got)
		}
	}
}

// TestBombs: much more comes out than is in it.
func TestBombs(t *testing.T) {
	limits := Limits{Entries: 1000, Bytes: 1 << 40, Ratio: 200, Depth: 9}
	zeros := strings.Repeat("\x00", ratioFree+(1<<20))
	asTar := tarred(t, tfile("bomb", zeros))
	var asZip bytes.Buffer
	w := NewZip(&asZip) // quicker than the standard library
	must(t, add(w, "bomb", zeros), w.Close())
	for format, content := range map[string][]byte{"zip": asZip.Bytes(), "tar.gz": gz(t, asTar), "tar.zst": zst(t, asTar)} {
		if got := refused(t, content, limits); got != "ratio bomb" {
			t.Errorf("%s: %.60s", format, got)
		}
	}
	// A sparse file of a terabyte, in a tar of a few blocks.
	limits.Bytes = 1 << 30
	if got := refused(t, sparseTar(), limits); got != "bytes bomb" {
		t.Errorf("sparse: %.60s", got)
	}
	limits.Bytes = 1 << 50
	if got := refused(t, sparseTar(), limits); got != "ratio bomb" {
		t.Errorf("sparse: %.60s", got)
	}
	// A directory of many entries, which is read before anything else.
	var z []zip.FileHeader
	for range 3000 {
		z = append(z, zip.FileHeader{Name: strings.Repeat("n", 200), Method: zip.Store})
	}
	limits.Entries = 10
	if got := refused(t, zipped(t, z...), limits); got != "entries " {
		t.Errorf("directory: %.60s", got)
	}
}

// sparseTar has one file in the old form of GNU: a terabyte, of which nothing is there.
func sparseTar() []byte {
	b := make([]byte, 3*block)
	copy(b, "bomb")
	copy(b[100:], "0000644\x00")
	copy(b[108:], "0000000\x00")
	copy(b[116:], "0000000\x00")
	copy(b[124:], "00000000000\x00")
	copy(b[136:], "00000000000\x00")
	copy(b[156:], "S")
	copy(b[257:], "ustar  \x00")
	binary.BigEndian.PutUint64(b[386+4:], 1<<40) // where the only piece begins
	b[386] = 0x80
	copy(b[398:], "00000000000\x00") // and how long it is
	b[483] = 0x80
	binary.BigEndian.PutUint64(b[483+4:], 1<<40)
	copy(b[148:], "        ")
	sum := 0
	for _, c := range b[:block] {
		sum += int(c)
	}
	copy(b[148:], fmt.Sprintf("%06o\x00 ", sum))
	return b
}

// TestOverlap: two entries of the directory that share bytes.
func TestOverlap(t *testing.T) {
	b := zipped(t, zfile("a", strings.Repeat("x", 1000)), zfile("b", strings.Repeat("x", 1000)))
	// The second entry of the directory is pointed to the first content.
	at := bytes.LastIndex(b, []byte("PK\x01\x02"))
	binary.LittleEndian.PutUint32(b[at+42:], 0)
	if got := refused(t, b, roomy); !strings.HasPrefix(got, "overlap ") {
		t.Error(got)
	}
	// A stored file in which lies another local header, with its content.
	inner := zipped(t, zip.FileHeader{Name: "b", Comment: "inner", Method: zip.Store})
	b = zipped(t, zip.FileHeader{Name: "a", Comment: string(inner[:60]), Method: zip.Store}, zip.FileHeader{Name: "b", Comment: "inner", Method: zip.Store})
	at = bytes.LastIndex(b, []byte("PK\x01\x02"))
	binary.LittleEndian.PutUint32(b[at+42:], uint32(bytes.Index(b[4:], []byte("PK\x03\x04"))+4))
	if got := refused(t, b, roomy); !strings.HasPrefix(got, "overlap ") {
		t.Error(got)
	}
}

// TestExtents: a size with which the end of a content comes round to its beginning hides no overlap.
func TestExtents(t *testing.T) {
	h := zip.FileHeader{Name: "a", Method: zip.Store, CompressedSize64: 1<<64 - 20, UncompressedSize64: 1}
	for _, size := range []uint64{1<<64 - 1, 1<<64 - 40, 1 << 63, 1 << 20, 200} {
		h.CompressedSize64 = size
		var b bytes.Buffer
		w := zip.NewWriter(&b)
		_, err := w.CreateRaw(&h)
		must(t, err)
		second, err := w.Create("b")
		must(t, err)
		_, err = second.Write([]byte("x"))
		must(t, err, w.Close())
		if got := refused(t, b.Bytes(), roomy); got != "truncated a" && !(size == 200 && got == "overlap b") {
			t.Errorf("%d: %s", size, got)
		}
	}
}

// TestLying: another size, another checksum.
func TestLying(t *testing.T) {
	for _, size := range []uint32{0, 5, 999, 1001, 1 << 30} {
		b := zipped(t, zfile("a", strings.Repeat("x", 1000)))
		at := bytes.LastIndex(b, []byte("PK\x01\x02"))
		binary.LittleEndian.PutUint32(b[at+24:], size)
		if got := refused(t, b, roomy); got != "lying a" {
			t.Errorf("%d: %.60s", size, got)
		}
	}
	b := zipped(t, zfile("a", strings.Repeat("x", 1000)))
	at := bytes.LastIndex(b, []byte("PK\x01\x02"))
	b[at+16] ^= 1
	if got := refused(t, b, roomy); got != "damaged a" {
		t.Error(got)
	}
	folder := zipped(t, zfile("d/", ""))
	at = bytes.LastIndex(folder, []byte("PK\x01\x02"))
	binary.LittleEndian.PutUint32(folder[at+24:], 5)
	if got := refused(t, folder, roomy); got != "lying d/" {
		t.Error(got)
	}
}

// TestTruncated: cut off at any place, nothing passes for whole.
func TestTruncated(t *testing.T) {
	content := string(random(3000))
	asTar := tarred(t, tfile("a", content), tfile("b", content))
	for format, whole := range map[string][]byte{"zip": zipped(t, zfile("a", content), zfile("b", content)), "tar": asTar, "tar.gz": gz(t, asTar), "tar.zst": zst(t, asTar)} {
		if got := refused(t, whole, roomy); !strings.HasPrefix(got, "[") {
			t.Fatalf("%s: whole: %.60s", format, got)
		}
		for cut := 1; cut < len(whole)-1; cut += 1 + len(whole)/150 {
			got := refused(t, whole[:len(whole)-cut], roomy)
			// One of the two empty blocks at the end of a tar may be missing.
			if strings.HasPrefix(got, "[") && !(format == "tar" && cut <= block) {
				t.Errorf("%s without its last %d bytes passes", format, cut)
			}
		}
	}
}

// TestDamaged: no byte that is changed makes anything but a refusal, an error of no kind, or the same names and sizes.
func TestDamaged(t *testing.T) {
	content := string(random(500))
	asTar := tarred(t, tfile("a", content), tfile("b/c", content))
	for format, whole := range map[string][]byte{"zip": zipped(t, zfile("a", content), zfile("b/c", content)), "tar": asTar, "tar.gz": gz(t, asTar), "tar.zst": zst(t, asTar)} {
		for at := range whole {
			b := bytes.Clone(whole)
			b[at] ^= 0x55
			refused(t, b, roomy) // fails the test for an error that is no refusal
		}
		if t.Failed() {
			t.Fatal(format)
		}
	}
}

func TestUnknown(t *testing.T) {
	for what, content := range map[string]string{
		"nothing": "", "text": "hello", "long text": strings.Repeat("hello ", 1000), "PNG": "\x89PNG\r\n\x1a\n" + strings.Repeat("x", 600), "zeros": strings.Repeat("\x00", 100),
		"gz of text": string(gz(t, []byte("hello"))), "zst of text": string(zst(t, []byte("hello"))), "7z": "7z\xbc\xaf\x27\x1c" + strings.Repeat("\x00", 600), "gz, broken": "\x1f\x8b",
		"RAR": "Rar!\x1a\x07\x01\x00" + strings.Repeat("x", 600), "one byte": "P",
	} {
		if got := refused(t, []byte(content), roomy); got != "unknown " && got != "truncated " {
			t.Errorf("%s: %s", what, got)
		}
	}
	if got := refused(t, []byte("PK\x03\x04 and no more"), roomy); got != "truncated " {
		t.Error(got)
	}
}

// setFlags sets flags in all headers of a zip.
func setFlags(b []byte, flags byte) {
	for at := range b[:len(b)-10] {
		switch string(b[at : at+4]) {
		case "PK\x03\x04":
			b[at+6] |= flags
		case "PK\x01\x02":
			b[at+8] |= flags
		}
	}
}

// method changes how all entries of a zip say they are compressed.
func method(b []byte, number byte) []byte {
	for at := range b[:len(b)-12] {
		switch string(b[at : at+4]) {
		case "PK\x03\x04":
			b[at+8] = number
		case "PK\x01\x02":
			b[at+10] = number
		}
	}
	return b
}
