//go:build !relay

package main

import "errors"

func relayed() error {
	return errors.New("this qlp-init was built without the relay; containers need one built with -tags relay")
}
