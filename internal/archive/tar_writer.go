package archive

import (
	"archive/tar"
	"bytes"
	"io"
	"strings"
	"time"
	"unicode/utf8"
)

// block is what everything in a tar is a multiple of.
const block = 512

// tarWriter lets archive/tar make the headers, each in memory, and sends the content by itself: so the kernel can move it
// from the file to the web server.
type tarWriter struct {
	to     io.Writer
	buffer []byte
}

// NewTar begins a tar. Content that is an *io.LimitedReader of a file is handed to the writer's ReadFrom.
func NewTar(to io.Writer) Writer { return &tarWriter{to: to} }

// Names keep their bytes: none has a slash or a NUL.
func (t *tarWriter) Folder(path []string, modified time.Time) error {
	return t.header(&tar.Header{Typeflag: tar.TypeDir, Name: strings.Join(path, "/") + "/", Mode: 0o755, ModTime: modified})
}

// File adds exactly size bytes: a longer content is cut, a shorter one filled up with zeros.
func (t *tarWriter) File(path []string, content io.Reader, size int64, modified time.Time) error {
	err := t.header(&tar.Header{Typeflag: tar.TypeReg, Name: strings.Join(path, "/"), Size: size, Mode: 0o644, ModTime: modified})
	if err != nil {
		return err
	}
	written, err := t.content(content, size)
	if err != nil {
		return err
	}
	_, err = io.CopyN(struct{ io.Writer }{t.to}, zeros{}, size-written+(block-size%block)%block)
	return err
}

func (t *tarWriter) content(content io.Reader, size int64) (int64, error) {
	limited, isLimited := content.(*io.LimitedReader)
	from, moves := t.to.(io.ReaderFrom)
	var moved int64
	if isLimited && moves {
		limited.N = min(limited.N, size)
		var err error
		if moved, err = from.ReadFrom(limited); err == nil {
			return moved, nil
		}
		// Which of the two failed, it does not say: one after the other does.
	}
	if t.buffer == nil {
		t.buffer = make([]byte, copyBuffer)
	}
	copied, err := copyContent(t.to, io.LimitReader(content, size-moved), t.buffer)
	return moved + copied, err
}

// Close writes the two empty blocks at the end.
func (t *tarWriter) Close() error {
	_, err := t.to.Write(make([]byte, 2*block))
	return err
}

// maxTarName is less than the header in which a long path stands may be: readers take 1 MiB, with what else it says.
const maxTarName = 1<<20 - 4<<10

func (t *tarWriter) header(h *tar.Header) error {
	if len(h.Name) > maxTarName {
		return ErrEntry
	}
	h.ModTime = h.ModTime.Truncate(time.Second)
	h.Format = tar.FormatPAX
	if !utf8.ValidString(h.Name) { // PAX is UTF-8; the older form takes any bytes
		h.Format = tar.FormatGNU
	}
	var b bytes.Buffer
	if err := tar.NewWriter(&b).WriteHeader(h); err != nil {
		return err
	}
	_, err := t.to.Write(b.Bytes())
	return err
}

// zeros is a reader of as many as one wants.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}
