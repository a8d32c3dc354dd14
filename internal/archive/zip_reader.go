package archive

import (
	"archive/zip"
	"cmp"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"slices"
	"syscall"
	"unicode/utf8"

	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/zstd"
)

// zipReader unpacks a zip. Everything that its directory says is checked before the first entry is given out.
type zipReader struct {
	*counter
	files   []zipFile
	next    int
	content io.ReadCloser
	present Entry
}

type zipFile struct {
	*zip.File
	entry Entry
}

func openZip(file *os.File, size int64, c *counter) (Reader, error) {
	directory := &bounded{file: file, left: min(directoryBase+int64(c.limits.Entries)*directoryShare, maxDirectory)}
	r, err := zip.NewReader(directory, size)
	if directory.exceeded {
		return nil, &Refusal{TooMany, ""}
	}
	if err != nil {
		return nil, zipRefusal(err, "", Truncated) // it begins like one, and its directory, which comes last, is not there
	}
	directory.left = -1 // from here on each byte is one of content
	r.RegisterDecompressor(zip.Deflate, func(in io.Reader) io.ReadCloser { return flate.NewReader(in) })
	r.RegisterDecompressor(zstd.ZipMethodWinZip, zstd.ZipDecompressor(zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(maxWindow)))
	z := &zipReader{counter: c}
	if err := z.check(r.File, size); err != nil {
		return nil, err
	}
	return z, nil
}

// The directory of a zip is read into memory as a whole, by archive/zip: so many bytes for each entry that is allowed, and
// never more than takes half a gigabyte when it consists of the smallest entries that there can be.
const (
	directoryBase  = 256 << 10 // to find it
	directoryShare = 512
	maxDirectory   = 64 << 20
)

// bounded is a file of which so many bytes may be read; all of them if left is negative.
type bounded struct {
	file     io.ReaderAt
	left     int64
	exceeded bool
}

func (b *bounded) ReadAt(p []byte, at int64) (int, error) {
	if b.left < 0 {
		return b.file.ReadAt(p, at)
	}
	n, err := b.file.ReadAt(p, at)
	if b.left -= int64(n); b.left <= 0 {
		b.left, b.exceeded = 0, true
		return 0, io.ErrUnexpectedEOF
	}
	return n, err
}

// check takes the directory apart; size is the archive's.
func (z *zipReader) check(files []*zip.File, size int64) error {
	type extent struct {
		begin, end uint64
		name       string
	}
	var extents []extent
	var said int64
	for _, f := range files {
		e := Entry{Name: entryName(f), Size: int64(f.UncompressedSize64), Modified: f.Modified, Folder: f.Mode().IsDir()}
		var reason Reason
		if e.Path, reason = parsePath(e.Name, e.Folder); reason == "" {
			reason = zipKind(f)
		}
		if reason != "" {
			return &Refusal{reason, e.Name}
		}
		if err := z.entry(&e); err != nil {
			return err
		}
		if said += e.Size; said > z.limits.Bytes || said < 0 {
			return &Refusal{TooLarge, e.Name}
		}
		begin, err := f.DataOffset()
		if err != nil {
			return zipRefusal(err, e.Name, Damaged)
		}
		if f.CompressedSize64 > uint64(size-begin) { // also what would come round to a small sum below
			return &Refusal{Truncated, e.Name}
		}
		extents = append(extents, extent{uint64(begin), uint64(begin) + f.CompressedSize64, e.Name})
		if len(e.Path) > 0 {
			z.files = append(z.files, zipFile{f, e})
		}
	}
	slices.SortFunc(extents, func(a, b extent) int { return cmp.Or(cmp.Compare(a.begin, b.begin), cmp.Compare(a.end, b.end)) })
	for i := 1; i < len(extents); i++ {
		// Between the contents of two files there is the header of the second one, so they are never even adjacent.
		if extents[i].begin <= extents[i-1].end {
			return &Refusal{Overlap, extents[i].name}
		}
	}
	return nil
}

// zipKind is what is wrong with an entry besides its path.
func zipKind(f *zip.File) Reason {
	mode := f.Mode()
	switch {
	case f.Flags&0x2041 != 0: // encrypted, strongly, or with a directory that is
		return Encrypted
	case mode&fs.ModeSymlink != 0:
		return Link
	case mode.Type() != 0 && !mode.IsDir():
		return Device
	case mode&(fs.ModeSetuid|fs.ModeSetgid) != 0 && !mode.IsDir():
		return SetID
	case mode.IsDir() && f.UncompressedSize64 > 0:
		return Lying
	case f.Method != zip.Store && f.Method != zip.Deflate && f.Method != zstd.ZipMethodWinZip:
		return Method
	}
	return ""
}

// entryName is the name of an entry in UTF-8: as it is when the entry says so, from the field that Info-ZIP adds, or from
// the code page of old.
func entryName(f *zip.File) string {
	if f.Flags&0x800 != 0 && utf8.ValidString(f.Name) {
		return f.Name
	}
	if name, found := unicodeName(f); found {
		return name
	}
	return decodeName(f.Name)
}

// unicodeName reads the field 0x7075: version 1, checksum of the name that it is for, the name in UTF-8.
func unicodeName(f *zip.File) (string, bool) {
	for extra := f.Extra; len(extra) >= 4; {
		size := int(binary.LittleEndian.Uint16(extra[2:]))
		if size > len(extra)-4 {
			return "", false
		}
		field := extra[4 : 4+size]
		if binary.LittleEndian.Uint16(extra) == 0x7075 && size > 5 && field[0] == 1 &&
			binary.LittleEndian.Uint32(field[1:]) == crc32.ChecksumIEEE([]byte(f.Name)) && utf8.Valid(field[5:]) {
			return string(field[5:]), true
		}
		extra = extra[4+size:]
	}
	return "", false
}

func (z *zipReader) Close() {
	if z.content != nil {
		z.content.Close()
	}
}

func (z *zipReader) Next() (Entry, error) {
	z.Close()
	z.content = nil
	if z.next == len(z.files) {
		return Entry{}, io.EOF
	}
	f := z.files[z.next]
	z.next++
	z.present = f.entry
	if f.entry.Folder {
		return f.entry, nil
	}
	var err error
	if z.content, err = f.Open(); err != nil {
		return f.entry, zipRefusal(err, f.entry.Name, Damaged)
	}
	return f.entry, nil
}

func (z *zipReader) Read(p []byte) (int, error) {
	if z.content == nil {
		return 0, io.EOF
	}
	n, err := z.content.Read(p) // never more than the directory says, or an error
	if refused := z.count(n, &z.present); refused != nil {
		return n, refused
	}
	if err != nil && !errors.Is(err, io.EOF) {
		err = zipRefusal(err, z.present.Name, Lying)
	}
	return n, err
}

// zipRefusal makes what archive/zip or a decompressor says a reason; short is the one for what ends too early.
func zipRefusal(err error, name string, short Reason) error {
	var kernel syscall.Errno
	switch {
	case errors.As(err, &kernel): // the archive itself cannot be read
		return err
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF), errors.Is(err, zip.ErrFormat):
		return &Refusal{short, name}
	case errors.Is(err, zip.ErrAlgorithm):
		return &Refusal{Method, name}
	}
	return &Refusal{Damaged, name}
}
