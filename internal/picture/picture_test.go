package picture

import (
	"bufio"
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"runtime"
	"strings"
	"testing"
)

const side = 128

var (
	red   = color.NRGBA{220, 20, 20, 255}
	green = color.NRGBA{20, 200, 20, 255}
	blue  = color.NRGBA{20, 20, 220, 255}
	white = color.NRGBA{250, 250, 250, 255}
)

// quarters is a picture of four colours: red and green above, blue and white below.
func quarters(width, height int) *image.NRGBA {
	m := image.NewNRGBA(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			c := [2][2]color.NRGBA{{red, green}, {blue, white}}[y*2/height][x*2/width]
			m.SetNRGBA(x, y, c)
		}
	}
	return m
}

func pngOf(t testing.TB, m image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// photo is a JPEG with an Exif segment that says turn.
func photo(t testing.TB, m image.Image, turn uint16, order binary.AppendByteOrder) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, nil); err != nil {
		t.Fatal(err)
	}
	exif := []byte("Exif\x00\x00II*\x00")
	if order == binary.BigEndian {
		exif = []byte("Exif\x00\x00MM\x00*")
	}
	exif = order.AppendUint32(exif, 8)
	exif = order.AppendUint16(exif, 2)
	for _, entry := range [][2]uint16{{0x0100, 1}, {0x0112, turn}} {
		exif = order.AppendUint16(exif, entry[0])
		exif = order.AppendUint16(exif, 3)
		exif = order.AppendUint32(exif, 1)
		exif = order.AppendUint16(exif, entry[1])
		exif = order.AppendUint16(exif, 0)
	}
	segment := binary.BigEndian.AppendUint16([]byte{0xff, 0xd8, 0xff, 0xe1}, uint16(len(exif)+2))
	return append(append(segment, exif...), b.Bytes()[2:]...)
}

func thumbnail(t testing.TB, file []byte) image.Image {
	t.Helper()
	b, kind, err := Thumbnail(bytes.NewReader(file), side)
	if err != nil {
		t.Fatal(err)
	}
	m, name, err := image.Decode(bytes.NewReader(b))
	if err != nil || kind != "image/"+name {
		t.Fatalf("%s is %s: %v", kind, name, err)
	}
	if m.Bounds().Dx() > side || m.Bounds().Dy() > side || m.Bounds().Dx() < 1 || m.Bounds().Dy() < 1 {
		t.Fatalf("it is %v large", m.Bounds())
	}
	return m
}

// looks says which colour the middle of a quarter has.
func looks(m image.Image, right, bottom bool) color.NRGBA {
	b := m.Bounds()
	x, y := b.Dx()/4, b.Dy()/4
	if right {
		x = b.Dx() - 1 - x
	}
	if bottom {
		y = b.Dy() - 1 - y
	}
	found := color.NRGBAModel.Convert(m.At(b.Min.X+x, b.Min.Y+y)).(color.NRGBA)
	for _, c := range []color.NRGBA{red, green, blue, white} {
		near := func(a, b uint8) bool { return max(a, b)-min(a, b) < 30 }
		if near(c.R, found.R) && near(c.G, found.G) && near(c.B, found.B) {
			return c
		}
	}
	return found
}

// TestTurned: Exif says which side the first row and the first column of the file are (CIPA DC-008, 4.6.5.1).
func TestTurned(t *testing.T) {
	for turn, where := range map[uint16]struct {
		first [2]bool // where the first pixel of the first row is: on the right, at the bottom
		last  [2]bool // where its last one is
	}{
		0: {[2]bool{false, false}, [2]bool{true, false}}, // not a turn
		1: {[2]bool{false, false}, [2]bool{true, false}},
		2: {[2]bool{true, false}, [2]bool{false, false}},
		3: {[2]bool{true, true}, [2]bool{false, true}},
		4: {[2]bool{false, true}, [2]bool{true, true}},
		5: {[2]bool{false, false}, [2]bool{false, true}},
		6: {[2]bool{true, false}, [2]bool{true, true}},
		7: {[2]bool{true, true}, [2]bool{true, false}},
		8: {[2]bool{false, true}, [2]bool{false, false}},
		9: {[2]bool{false, false}, [2]bool{true, false}},
	} {
		for _, order := range []binary.AppendByteOrder{binary.LittleEndian, binary.BigEndian} {
			m := thumbnail(t, photo(t, quarters(300, 200), turn, order))
			if got := looks(m, where.first[0], where.first[1]); got != red {
				t.Errorf("turn %d: %v where red should be", turn, got)
			}
			if got := looks(m, where.last[0], where.last[1]); got != green {
				t.Errorf("turn %d: %v where green should be", turn, got)
			}
			if upright := m.Bounds().Dx() > m.Bounds().Dy(); upright != (turn < 5 || turn > 8) {
				t.Errorf("turn %d: %v", turn, m.Bounds())
			}
		}
	}
}

func TestThumbnail(t *testing.T) {
	paletted := image.NewPaletted(image.Rect(0, 0, 40, 30), color.Palette{red, green})
	var moving bytes.Buffer
	if err := gif.EncodeAll(&moving, &gif.GIF{Image: []*image.Paletted{paletted, paletted}, Delay: []int{1, 1}}); err != nil {
		t.Fatal(err)
	}
	gray := image.NewGray16(image.Rect(0, 0, 500, 3))
	var grayPhoto bytes.Buffer
	if err := jpeg.Encode(&grayPhoto, gray, nil); err != nil {
		t.Fatal(err)
	}
	clear := quarters(300, 300)
	clear.SetNRGBA(0, 0, color.NRGBA{})
	for name, row := range map[string]struct {
		file          []byte
		width, height int
	}{
		"wide":         {pngOf(t, quarters(1000, 500)), 128, 64},
		"high":         {pngOf(t, quarters(500, 1000)), 64, 128},
		"small":        {pngOf(t, quarters(3, 2)), 2, 1},
		"as large":     {pngOf(t, quarters(128, 100)), 64, 50},
		"larger":       {pngOf(t, quarters(200, 150)), 100, 75},
		"a line":       {pngOf(t, quarters(5000, 2)), 128, 1},
		"see-through":  {pngOf(t, clear), 128, 128},
		"16 bit":       {pngOf(t, gray), 128, 1},
		"gray":         {grayPhoto.Bytes(), 128, 1},
		"moving":       {moving.Bytes(), 20, 15},
		"with a tail":  {append(pngOf(t, quarters(300, 300)), "<script>alert(1)</script>"...), 128, 128},
		"webp":         {webpLossless, 1, 1},
		"photo, large": {photo(t, quarters(2000, 1500), 1, binary.LittleEndian), 128, 96},
	} {
		m := thumbnail(t, row.file)
		if m.Bounds().Dx() != row.width || m.Bounds().Dy() != row.height {
			t.Errorf("%s: %v", name, m.Bounds())
		}
	}
	if _, kind, _ := Thumbnail(bytes.NewReader(pngOf(t, clear)), side); kind != "image/png" {
		t.Errorf("what something shows through becomes %s", kind)
	}
	b, _, err := Thumbnail(bytes.NewReader(photo(t, quarters(900, 600), 6, binary.LittleEndian)), side)
	if err != nil || bytes.Contains(b, []byte("Exif")) {
		t.Errorf("what the camera says is in it: %v", err)
	}
}

// webpLossless is a picture of one pixel.
var webpLossless = []byte("RIFF\x1a\x00\x00\x00WEBPVP8L\x0d\x00\x00\x00\x2f\x00\x00\x00\x10\x07\x10\x11\x11\x88\x88\xfe\x07\x00")

// webpExtended is the head of a WebP that says how large it is before it says how it is made.
func webpExtended(width, height uint32) []byte {
	b := []byte("RIFF\x00\x01\x00\x00WEBPVP8X\x0a\x00\x00\x00\x00\x00\x00\x00")
	for _, n := range []uint32{width - 1, height - 1} {
		b = append(b, byte(n), byte(n>>8), byte(n>>16))
	}
	return b
}

// bomb is a PNG that says it is so large, and has nothing in it.
func bomb(width, height uint32, depth, kind, passes byte) []byte {
	head := binary.BigEndian.AppendUint32([]byte("IHDR"), width)
	head = append(binary.BigEndian.AppendUint32(head, height), depth, kind, 0, 0, passes)
	b := binary.BigEndian.AppendUint32([]byte("\x89PNG\r\n\x1a\n"), 13)
	return binary.BigEndian.AppendUint32(append(b, head...), crc32.ChecksumIEEE(head))
}

func TestThumbnailRefused(t *testing.T) {
	whole := photo(t, quarters(900, 600), 1, binary.LittleEndian)
	for name, row := range map[string]struct {
		file []byte
		want error
	}{
		"nothing":             {nil, ErrFormat},
		"text":                {[]byte("not a picture"), ErrFormat},
		"a page":              {[]byte("<svg xmlns='http://www.w3.org/2000/svg'/>"), ErrFormat},
		"its beginning":       {[]byte("\x89PNG\r\n\x1a\n"), ErrFormat},
		"half a photo":        {whole[:len(whole)/2], ErrFormat},
		"half a head":         {whole[:40], ErrFormat},
		"half a png":          {pngOf(t, quarters(300, 300))[:200], ErrFormat},
		"two in one":          {[]byte("GIF89a/*<svg onload=alert(1)>*/=1"), ErrTooLarge},
		"sound":               {[]byte("RIFF....WAVEfmt "), ErrFormat},
		"900 megapixels":      {bomb(30_000, 30_000, 8, 2, 0), ErrTooLarge},
		"the largest":         {bomb(1<<31-1, 1, 1, 0, 0), ErrTooLarge},
		"a bomb in each side": {bomb(50_000, 50_000, 16, 6, 1), ErrTooLarge},
		"no width":            {bomb(0, 5, 8, 2, 0), ErrFormat},
		"large, in 16 bits":   {bomb(6000, 6000, 16, 6, 0), ErrTooLarge},
		"a large webp":        {webpExtended(7000, 7000), ErrTooLarge},
		"a webp, its trees":   {webpExtended(4000, 4000), ErrTooLarge},
		"large, in passes":    {bomb(6000, 6000, 8, 6, 1), ErrTooLarge},
		"a large gif":         {[]byte("GIF89a\xff\xff\xff\xff\x80\x00\x00\x00\x00\x00\xff\xff\xff"), ErrTooLarge},
		"a large photo":       {large(whole, 0xc0), ErrTooLarge},
		"a large one, passes": {large(whole, 0xc2), ErrTooLarge},
	} {
		if b, _, err := Thumbnail(bytes.NewReader(row.file), side); !errors.Is(err, row.want) || b != nil {
			t.Errorf("%s: %d bytes, %v", name, len(b), err)
		}
	}
}

// inflated is a PNG that says it is small and holds 64 MiB, packed into 64 KiB.
func inflated(t testing.TB) []byte {
	t.Helper()
	var data bytes.Buffer
	z := zlib.NewWriter(&data)
	for block := make([]byte, 1<<20); data.Len() < 64<<10; {
		if _, err := z.Write(block); err != nil {
			t.Fatal(err)
		}
		if err := z.Flush(); err != nil {
			t.Fatal(err)
		}
	}
	z.Close()
	chunk := append([]byte("IDAT"), data.Bytes()...)
	b := binary.BigEndian.AppendUint32(bomb(10, 10, 8, 2, 0), uint32(data.Len()))
	return binary.BigEndian.AppendUint32(append(b, chunk...), crc32.ChecksumIEEE(chunk))
}

// TestInflated: what is packed into a picture beyond its pixels is not unpacked.
func TestInflated(t *testing.T) {
	file := inflated(t)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, _, err := Thumbnail(bytes.NewReader(file), side)
	runtime.ReadMemStats(&after)
	if used := after.TotalAlloc - before.TotalAlloc; !errors.Is(err, ErrFormat) || used > 16<<20 {
		t.Errorf("%v, with %d bytes of memory", err, used)
	}
}

// large is a JPEG whose frame says it is 65,000 pixels wide and high.
func large(file []byte, frame byte) []byte {
	at := bytes.Index(file, []byte{0xff, 0xc0})
	b := bytes.Clone(file)
	b[at+1] = frame
	copy(b[at+5:], []byte{0xfd, 0xe8, 0xfd, 0xe8})
	return b
}

// TestPhotographMemory: what decoding takes is reckoned from the frame, so that a photograph of 50 megapixels is none too many.
func TestPhotographMemory(t *testing.T) {
	frame := func(samplings ...byte) []byte {
		b := []byte{8, 0, 9, 0, 9, byte(len(samplings))}
		for i, s := range samplings {
			b = append(b, byte(i), s, 0)
		}
		return b
	}
	for _, row := range []struct {
		frame       []byte
		progressive bool
		want        int64
	}{
		{frame(0x22, 0x11, 0x11), false, 2},
		{frame(0x11, 0x11, 0x11), false, 3},
		{frame(0x22, 0x11, 0x11), true, 8},
		{frame(0x11, 0x11, 0x11), true, 15},
		{frame(0x11), false, 1},
		{frame(0x11, 0x11, 0x11, 0x11), false, 8},
		{frame(0x11, 0x11, 0x11, 0x11), true, 24},
		{[]byte{8, 0, 9, 0, 9, 3, 'R', 0x11, 0, 'G', 0x11, 0, 'B', 0x11, 0}, false, 7},
		{nil, false, 24},
	} {
		var p photograph
		p.frame(row.frame, row.progressive)
		if got := p.perPixel(); got != row.want {
			t.Errorf("%v %v: %d bytes, not %d", row.frame, row.progressive, got, row.want)
		}
	}
}

// blankPNG is a PNG of nothing but zeros.
func blankPNG(width, height uint32, depth, kind, passes byte, more ...[]byte) []byte {
	b := bomb(width, height, depth, kind, passes)
	bits := int(depth) * map[byte]int{0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[kind]
	var data bytes.Buffer
	z := zlib.NewWriter(&data)
	for _, pass := range map[byte][][4]int{0: {{0, 0, 1, 1}}, 1: {{0, 0, 8, 8}, {4, 0, 8, 8}, {0, 4, 4, 8}, {2, 0, 4, 4}, {0, 2, 2, 4}, {1, 0, 2, 2}, {0, 1, 1, 2}}}[passes] {
		across, down := (int(width)-pass[0]+pass[2]-1)/pass[2], (int(height)-pass[1]+pass[3]-1)/pass[3]
		z.Write(make([]byte, (1+(across*bits+7)/8)*down))
	}
	z.Close()
	for _, chunk := range append(more, append([]byte("IDAT"), data.Bytes()...), []byte("IEND")) {
		b = binary.BigEndian.AppendUint32(b, uint32(len(chunk)-4))
		b = binary.BigEndian.AppendUint32(append(b, chunk...), crc32.ChecksumIEEE(chunk))
	}
	return b
}

// blankJPEG is a JPEG of nothing but zeros, 1,024 pixels wide and high. segments come before its frame, late ones after its picture.
func blankJPEG(frame byte, names string, sampling []byte, segments, late string) []byte {
	b := "\xff\xd8" + segments + "\xff\xdb\x00\x43\x00" + strings.Repeat("\x01", 64)
	head, scan, blocks := "\x08\x04\x00\x04\x00"+string(rune(len(names))), string(rune(len(names))), 0
	for i := range names {
		head += names[i:i+1] + string(sampling[i:i+1]) + "\x00"
		scan += names[i:i+1] + "\x00"
		blocks += int(sampling[i]>>4) * int(sampling[i]&15)
	}
	part := func(marker byte, text string) {
		b += "\xff" + string([]byte{marker, 0, byte(len(text) + 2)}) + text
	}
	part(frame, head)
	for _, table := range []string{"\x00", "\x10"} { // one code, of one bit, for nothing
		part(0xc4, table+"\x01"+strings.Repeat("\x00", 16))
	}
	bits, last := 2, "\x3f"
	if frame == 0xc2 {
		bits, last = 1, "\x00" // the first pass has the first coefficients alone
	}
	part(0xda, scan+"\x00"+last+"\x00")
	units := 128 * 128 / int(sampling[0]>>4) / int(sampling[0]&15)
	return []byte(b + strings.Repeat("\x00", units*blocks*bits/8) + late + "\xff\xd9")
}

// TestMemory: no decoder takes more than is reckoned for it.
func TestMemory(t *testing.T) {
	const adobe = "\xff\xee\x00\x0eAdobe\x00\x64\x00\x00\x00\x00\x00"
	const jfif = "\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00"
	gray, white := append([]byte("tRNS"), 0, 0), append([]byte("tRNS"), 0, 0, 0, 0, 0, 0)
	palette := []byte("PLTE\x00\x00\x00\xff\xff\xff")
	var lines bytes.Buffer
	if err := gif.Encode(&lines, image.NewPaletted(image.Rect(0, 0, 1024, 1024), color.Palette{red, green}), nil); err != nil {
		t.Fatal(err)
	}
	at := bytes.Index(lines.Bytes(), []byte("\x2c\x00\x00\x00\x00\x00\x04\x00\x04"))
	passes := bytes.Clone(lines.Bytes())
	passes[at+9] |= 0x40
	same, half := []byte{0x11, 0x11, 0x11, 0x11}, []byte{0x22, 0x11, 0x11, 0x22}
	files := map[string][]byte{
		"gif": lines.Bytes(), "gif, passes": passes,
		"jpeg": blankJPEG(0xc0, "abc", same, "", ""), "jpeg, half": blankJPEG(0xc0, "abc", half, "", ""), "jpeg, gray": blankJPEG(0xc0, "a", same, "", ""),
		"jpeg, passes": blankJPEG(0xc2, "abc", same, "", ""), "jpeg, passes, half": blankJPEG(0xc2, "abc", half, "", ""),
		"jpeg, RGB": blankJPEG(0xc0, "RGB", same, "", ""), "jpeg, RGB, half": blankJPEG(0xc0, "RGB", half, "", ""), "jpeg, RGB, passes": blankJPEG(0xc2, "RGB", same, "", ""),
		"jpeg, Adobe": blankJPEG(0xc0, "abc", half, adobe, ""), "jpeg, Adobe, late": blankJPEG(0xc0, "abc", half, "", adobe),
		"jpeg, both": blankJPEG(0xc0, "abc", half, jfif+"\xff\xe0\x00\x07other", adobe),
		"jpeg, four": blankJPEG(0xc0, "abcd", same, adobe, ""), "jpeg, four, half": blankJPEG(0xc0, "abcd", half, adobe, ""),
		"jpeg, four, passes": blankJPEG(0xc2, "abcd", same, adobe, ""), "jpeg, stray": blankJPEG(0xc2, "abcd", same, "\xff\xfe\x00\x02x"+adobe+"\xff\x00\xff\xff", ""),
	}
	for _, p := range []byte{0, 1} {
		for _, row := range [][2]byte{{1, 0}, {8, 0}, {16, 0}, {8, 2}, {16, 2}, {8, 4}, {16, 4}, {8, 6}, {16, 6}} {
			files[fmt.Sprint("png ", row, p)] = blankPNG(1024, 1024, row[0], row[1], p)
		}
		for _, depth := range []byte{8, 16} {
			files[fmt.Sprint("png, gray, clear ", depth, p)] = blankPNG(1024, 1024, depth, 0, p, gray)
			files[fmt.Sprint("png, clear ", depth, p)] = blankPNG(1024, 1024, depth, 2, p, white)
		}
		files[fmt.Sprint("png, palette ", p)] = blankPNG(1024, 1024, 8, 3, p, palette)
	}
	for name, file := range files {
		for _, f := range formats {
			if !bytes.HasPrefix(file, []byte(f.magic)) {
				continue
			}
			config, err := f.config(bytes.NewReader(file))
			if err != nil {
				t.Errorf("%s: %v", name, err)
				break
			}
			reckoned := perPixel(file, config, readPhotograph(bufio.NewReader(bytes.NewReader(file))))
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, err = f.decode(bufio.NewReader(bytes.NewReader(file)))
			runtime.ReadMemStats(&after)
			took := after.TotalAlloc - before.TotalAlloc
			if t.Logf("%s: %.1f of %d", name, float64(took)/(1<<20), reckoned); err != nil || took > uint64(reckoned)<<20+1<<18 {
				t.Errorf("%s: %d bytes for a pixel are reckoned, and %d KiB taken for 1,048,576: %v", name, reckoned, took>>10, err)
			}
		}
	}
}

// TestTurnedAfterStray: a stray byte between segments, which decoders pass over, hides nothing of what comes after it.
func TestTurnedAfterStray(t *testing.T) {
	file := photo(t, quarters(300, 200), 6, binary.LittleEndian)
	file = append([]byte("\xff\xd8\xff\xfe\x00\x02x"), file[2:]...)
	if m := thumbnail(t, file); m.Bounds().Dx() > m.Bounds().Dy() {
		t.Error(m.Bounds())
	}
}

// FuzzThumbnail: whatever a file is, there is a small picture, or an error; and no picture that takes more memory than it may.
func FuzzThumbnail(f *testing.F) {
	f.Add(pngOf(f, quarters(40, 30)))
	f.Add(photo(f, quarters(40, 30), 6, binary.LittleEndian))
	f.Add(photo(f, quarters(40, 30), 3, binary.BigEndian))
	f.Add(webpLossless)
	f.Add(bomb(30_000, 30_000, 8, 2, 0))
	f.Add([]byte("GIF89a\x01\x00\x01\x00\x80\x00\x00\xff\xff\xff\x00\x00\x00,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;"))
	f.Add([]byte("\xff\xd8\xff\xe1\x00\x10Exif\x00\x00MM\x00*\xff\xff\xff\xff"))
	f.Fuzz(func(t *testing.T, file []byte) {
		b, kind, err := Thumbnail(bytes.NewReader(file), side)
		if err != nil {
			if b != nil || !errors.Is(err, ErrFormat) && !errors.Is(err, ErrTooLarge) {
				t.Errorf("%d bytes, %v", len(b), err)
			}
			return
		}
		config, name, err := image.DecodeConfig(bytes.NewReader(b))
		if err != nil || kind != "image/"+name || max(config.Width, config.Height) > side {
			t.Errorf("%s: %v %+v", kind, err, config)
		}
	})
}
