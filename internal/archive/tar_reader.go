package archive

import (
	"archive/tar"
	"bytes"
	"errors"
	"io"
	"syscall"
)

// tarReader unpacks a tar, compressed or not.
type tarReader struct {
	*counter
	in      *tail
	tar     *tar.Reader
	present Entry

	decoder func() // closes what decompresses; nil where nothing does
}

func newTar(in io.Reader, decoder func(), c *counter) *tarReader {
	t := &tarReader{counter: c, decoder: decoder}
	t.in = &tail{in: in, check: t.checkStream}
	t.tar = tar.NewReader(t.in)
	return t
}

// What a tar may have besides the content of its files, in bytes: for each entry a header, perhaps with its extensions and
// a long path, and what fills its last block up; and what programs put at the end.
const (
	tarEntryShare = 8 << 10
	tarBase       = 1 << 20
)

// checkStream bounds what is decompressed, whatever it is: headers without end and what is skipped are no bytes of files.
func (t *tarReader) checkStream(size int64) error {
	switch {
	case size-tarBase-int64(t.limits.Entries)*tarEntryShare > t.limits.Bytes:
		return &Refusal{TooLarge, t.present.Name}
	case t.tooDense(size):
		return &Refusal{TooDense, t.present.Name}
	}
	return nil
}

func (t *tarReader) Close() {
	if t.decoder != nil {
		t.decoder()
	}
}

func (t *tarReader) Next() (Entry, error) {
	for {
		h, err := t.tar.Next()
		if errors.Is(err, io.EOF) {
			return Entry{}, t.end()
		}
		if err != nil {
			return Entry{}, t.refuse(err)
		}
		if h.Typeflag == tar.TypeXGlobalHeader { // remarks about all that follows, as git writes them
			if err := t.entry(&Entry{Name: h.Name}); err != nil {
				return Entry{}, err
			}
			continue
		}
		e := Entry{Name: h.Name, Size: h.Size, Modified: h.ModTime, Folder: h.Typeflag == tar.TypeDir}
		var reason Reason
		if e.Path, reason = parsePath(h.Name, e.Folder); reason == "" {
			reason = tarKind(h)
		}
		if reason != "" {
			return e, &Refusal{reason, h.Name}
		}
		if err := t.entry(&e); err != nil {
			return e, err
		}
		t.present = e
		if len(e.Path) > 0 {
			return e, nil
		}
	}
}

// tarKind is what is wrong with the kind of an entry.
func tarKind(h *tar.Header) Reason {
	switch h.Typeflag {
	case tar.TypeReg, tar.TypeGNUSparse:
		if h.Mode&0o6000 != 0 {
			return SetID
		}
		return ""
	case tar.TypeDir:
		return ""
	case tar.TypeLink, tar.TypeSymlink:
		return Link
	}
	return Device
}

func (t *tarReader) Read(p []byte) (int, error) {
	n, err := t.tar.Read(p)
	if refused := t.count(n, &t.present); refused != nil {
		return n, refused
	}
	if err != nil && !errors.Is(err, io.EOF) {
		err = t.refuse(err)
	}
	return n, err
}

// refuse makes what archive/tar or the decompressor says a reason.
func (t *tarReader) refuse(err error) error {
	var kernel syscall.Errno
	switch {
	case errors.As(err, new(*Refusal)): // of checkStream
		return err
	case errors.As(err, &kernel): // the archive itself cannot be read
		return err
	case errors.Is(err, io.ErrUnexpectedEOF) && (t.decoder != nil || t.entries > 0):
		return &Refusal{Truncated, t.present.Name}
	case t.entries == 0:
		return &Refusal{Unknown, ""}
	}
	return &Refusal{Damaged, t.present.Name}
}

// end looks whether the archive really ends: a tar has an empty block there, without which nobody knows what is missing,
// and a compressed one a checksum after it.
func (t *tarReader) end() error {
	if t.in.size == 0 {
		return &Refusal{Unknown, ""}
	}
	if !bytes.Equal(t.in.last[:], make([]byte, block)) {
		return &Refusal{Truncated, t.present.Name}
	}
	buffer := make([]byte, copyBuffer)
	for {
		_, err := t.in.Read(buffer)
		if errors.Is(err, io.EOF) {
			return io.EOF
		}
		if err != nil {
			return t.refuse(err)
		}
	}
}

// tail remembers the last block that was read, and has checked how much that was in all.
type tail struct {
	in    io.Reader
	check func(size int64) error
	last  [block]byte
	size  int64
}

func (t *tail) Read(p []byte) (int, error) {
	n, err := t.in.Read(p)
	t.size += int64(n)
	if refused := t.check(t.size); refused != nil {
		return 0, refused
	}
	if n >= block {
		copy(t.last[:], p[n-block:n])
	} else {
		copy(t.last[:], t.last[n:])
		copy(t.last[block-n:], p[:n])
	}
	return n, err
}
