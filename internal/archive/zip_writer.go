package archive

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/klauspost/compress/flate"
)

// maxZipEntries bounds a zip that is made. Its directory stands at its end and is kept in memory until then, about 400
// bytes an entry; a handler may have 1 GiB. A tar has no such limit.
const maxZipEntries = 1_000_000

type zipWriter struct {
	zip     *zip.Writer
	buffer  []byte
	flate   *flate.Writer // used again for each entry: a new one costs half a megabyte
	trial   *flate.Writer // another one: an entry ends only when the next one begins
	tried   bytes.Buffer
	entries int
	full    bool // ErrFull was said; one entry more is left for saying so in the archive
}

// NewZip begins a zip.
func NewZip(to io.Writer) Writer {
	z := &zipWriter{zip: zip.NewWriter(to), buffer: make([]byte, copyBuffer)}
	z.flate, _ = flate.NewWriter(nil, compression) // the level is a good one
	z.trial, _ = flate.NewWriter(nil, compression)
	z.zip.RegisterCompressor(zip.Deflate, func(to io.Writer) (io.WriteCloser, error) {
		z.flate.Reset(to)
		return z.flate, nil
	})
	return z
}

// compression is the level: nearly twice as fast as the default, for archives that are a twentieth larger.
const compression = flate.BestSpeed

func (z *zipWriter) Folder(names []string, modified time.Time) error {
	h, err := header(zipPath(names)+"/", modified)
	if err != nil {
		return err
	}
	h.SetMode(0o755 | fs.ModeDir)
	_, err = z.create(h)
	return err
}

func (z *zipWriter) File(names []string, content io.Reader, _ int64, modified time.Time) error {
	h, err := header(zipPath(names), modified)
	if err != nil {
		return err
	}
	h.SetMode(0o644)
	n, _ := io.ReadFull(content, z.buffer[:sample]) // an error comes again with the next bytes
	first := z.buffer[:n]
	h.Method = zip.Store
	if !compressed[strings.ToLower(path.Ext(h.Name))] && z.shrinks(first) {
		h.Method = zip.Deflate
	}
	entry, err := z.create(h)
	if err != nil {
		return err
	}
	if _, err := entry.Write(first); err != nil {
		return err
	}
	_, err = copyContent(entry, content, z.buffer)
	return err
}

func (z *zipWriter) create(h *zip.FileHeader) (io.Writer, error) {
	if z.entries++; z.entries > maxZipEntries && !z.full {
		z.full = true
		return nil, ErrFull
	}
	return z.zip.CreateHeader(h)
}

func (z *zipWriter) Close() error { return z.zip.Close() }

// maxZipName is what a zip's two bytes of length can say. archive/zip refuses a longer one when it has it in its directory
// already, which is lost then.
const maxZipName = 1<<16 - 1

func header(name string, modified time.Time) (*zip.FileHeader, error) {
	if len(name) > maxZipName {
		return nil, ErrEntry
	}
	// A zip says times from 1980 on, in the clock of whoever made it; the exact one stands beside it, until 2106.
	if year := modified.Local().Year(); year < 1980 || year > 2105 {
		modified = time.Date(1980, 1, 1, 0, 0, 0, 0, time.Local)
	}
	return &zip.FileHeader{Name: name, Modified: modified.Local()}, nil
}

// sample is how much of a file is tried to compress before it is decided.
const sample = 64 << 10

// shrinks says whether compressing is worth it, judged by the first bytes.
func (z *zipWriter) shrinks(first []byte) bool {
	if len(first) == 0 {
		return false
	}
	z.tried.Reset()
	z.trial.Reset(&z.tried)
	z.trial.Write(first) // into memory
	z.trial.Close()
	return z.tried.Len() < len(first)-len(first)/20
}

// compressed are extensions of what is compressed already, also where its first bytes are not.
var compressed = func() map[string]bool {
	all := make(map[string]bool)
	for _, e := range strings.Fields(".7z .apk .avi .avif .br .bz2 .cab .deb .docm .docx .epub .flac .gif .gz .heic .heif .iso .jar .jpeg .jpg .lz4 .lzma " +
		".m4a .m4v .mkv .mov .mp3 .mp4 .mpeg .mpg .odp .ods .odt .oga .ogg .ogv .opus .png .pptm .pptx .rar .rpm .tbz .tgz .txz .webm .webp .wma .wmv " +
		".xlsm .xlsx .xz .zip .zst") {
		all[e] = true
	}
	return all
}()

// zipPath is a path as a zip can say it: UTF-8, and nothing in a name that another system takes for a separator, a drive
// or an end. Such bytes are percent-encoded, and a percent sign that would pass for one: two names never become the same.
func zipPath(names []string) string {
	safe := make([]string, len(names))
	for i, name := range names {
		safe[i] = zipName(name)
	}
	return strings.Join(safe, "/")
}

func zipName(name string) string {
	var b strings.Builder
	for i, r := range name {
		switch {
		case r == utf8.RuneError && !strings.HasPrefix(name[i:], "\uFFFD"):
			fmt.Fprintf(&b, "%%%02X", name[i])
		case r == '%' && isHex(name[i+1:]), r < ' ' || r == 0x7f || r == '\\' || r == ':' && i == 1:
			fmt.Fprintf(&b, "%%%02X", r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// isHex says whether a text begins with two hexadecimal digits.
func isHex(text string) bool {
	const digits = "0123456789abcdefABCDEF"
	return len(text) >= 2 && strings.IndexByte(digits, text[0]) >= 0 && strings.IndexByte(digits, text[1]) >= 0
}
