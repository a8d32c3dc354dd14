package helper

import "errors"

func Zonefix(ZonefixRequest, func(int)) (ZonefixReply, error) { return ZonefixReply{}, errors.New("x") }
