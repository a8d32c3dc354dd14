package picture

import (
	"bufio"
	"encoding/binary"
	"image"
	"io"
)

// photograph is what a JPEG says beside its picture.
type photograph struct {
	turn        int  // how it was held, as Exif says: 1 is upright
	progressive bool // it comes in passes, and is kept as coefficients of 4 bytes until the last one
	mixed       bool // its colours are mixed into a picture of their own: four, or red, green and blue
	samples     int  // for each block of area pixels, of all colours
	area        int
}

// perPixel is how many bytes of memory decoding takes for each pixel, at most.
func (p photograph) perPixel() int64 {
	samples, area := int64(p.samples), int64(p.area)
	if samples == 0 || area == 0 { // no frame was seen
		samples, area, p.progressive, p.mixed = 4, 1, true, true
	}
	mixed := int64(0)
	if p.mixed {
		mixed = 4
	}
	if p.progressive {
		samples *= 5
	}
	return (samples+area-1)/area + mixed
}

// readPhotograph reads the segments up to the end of the picture (ITU-T T.81, B.1.1). As image/jpeg does it passes over what lies between
// them, data of the picture above all: a segment that is found by that alone counts as well. What it does not understand it leaves to the
// decoder to refuse.
func readPhotograph(r *bufio.Reader) photograph {
	p := photograph{turn: 1}
	r.Discard(2)
	for {
		marker, err := nextMarker(r)
		if err != nil || marker == 0xd9 {
			return p
		}
		if marker >= 0xd0 && marker <= 0xd7 { // they stand alone
			continue
		}
		var head [2]byte
		if _, err := io.ReadFull(r, head[:]); err != nil {
			return p
		}
		length := int(binary.BigEndian.Uint16(head[:])) - 2
		if length < 0 {
			return p
		}
		segment := make([]byte, length)
		if _, err := io.ReadFull(r, segment); err != nil {
			return p
		}
		switch marker {
		case 0xe1:
			if turn := orientation(segment); turn != 0 {
				p.turn = turn
			}
		case 0xee: // Adobe says that its colours are not Y, Cb and Cr
			p.mixed = p.mixed || len(segment) >= 12 && string(segment[:5]) == "Adobe" && segment[11] == 0
		case 0xc0, 0xc1, 0xc2:
			p.frame(segment, marker == 0xc2)
		}
	}
}

// nextMarker goes to the next marker.
func nextMarker(r *bufio.Reader) (byte, error) {
	before, err := r.ReadByte()
	for err == nil {
		var b byte
		if b, err = r.ReadByte(); before == 0xff && b != 0xff && b != 0 {
			return b, err
		}
		before = b
	}
	return 0, err
}

// frame reads a frame's header: of each colour, how many samples there are in a block.
func (p *photograph) frame(segment []byte, progressive bool) {
	p.progressive = progressive
	if len(segment) < 6 {
		return
	}
	wide, high, names := 1, 1, []byte{}
	for i := 7; i < len(segment) && i < 6+3*int(segment[5]); i += 3 {
		h, v := int(segment[i]>>4), int(segment[i]&15)
		p.samples += h * v
		wide, high = max(wide, h), max(high, v)
		names = append(names, segment[i-1])
	}
	p.area = wide * high
	p.mixed = p.mixed || string(names) == "RGB" || len(names) > 3
}

// orientation is what an Exif segment says of how the picture was held; 0 if it says nothing (CIPA DC-008, 4.6.5.1).
func orientation(segment []byte) int {
	const name = "Exif\x00\x00"
	if len(segment) < len(name)+8 || string(segment[:len(name)]) != name {
		return 0
	}
	tiff := segment[len(name):]
	var order binary.ByteOrder
	switch string(tiff[:4]) {
	case "II*\x00":
		order = binary.LittleEndian
	case "MM\x00*":
		order = binary.BigEndian
	default:
		return 0
	}
	at := int64(order.Uint32(tiff[4:]))
	if at < 8 || at+2 > int64(len(tiff)) {
		return 0
	}
	entries := tiff[at:]
	count := int(order.Uint16(entries))
	entries = entries[2:]
	for ; count > 0 && len(entries) >= 12; count, entries = count-1, entries[12:] {
		const tag, short = 0x0112, 3
		if order.Uint16(entries) != tag {
			continue
		}
		turn := int(order.Uint16(entries[8:]))
		if order.Uint16(entries[2:]) != short || order.Uint32(entries[4:]) != 1 || turn < 1 || turn > 8 {
			return 0
		}
		return turn
	}
	return 0
}

// turned is the picture as it was seen when it was taken.
func turned(from *image.NRGBA, turn int) *image.NRGBA {
	if turn == 1 {
		return from
	}
	w, h := from.Bounds().Dx(), from.Bounds().Dy()
	to := image.NewNRGBA(image.Rect(0, 0, w, h))
	if turn >= 5 {
		to = image.NewNRGBA(image.Rect(0, 0, h, w))
	}
	for y := range to.Bounds().Dy() {
		for x := range to.Bounds().Dx() {
			at := [...]image.Point{ // by turn, 2 to 8
				{w - 1 - x, y}, {w - 1 - x, h - 1 - y}, {x, h - 1 - y}, {y, x}, {y, h - 1 - x}, {w - 1 - y, h - 1 - x}, {w - 1 - y, x},
			}[turn-2]
			to.SetNRGBA(x, y, from.NRGBAAt(at.X, at.Y))
		}
	}
	return to
}
