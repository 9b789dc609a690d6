// Hostile programs in Go, one for each word that it is called with. Built static.
package main

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"runtime/debug"
	"syscall"
	"time"
)

func main() {
	all := map[string]func(){"threads": threads, "heap": heap, "flood": flood, "spin": spin, "daemons": daemons, "dial": dial, "rest": rest}
	f := all[os.Args[1]]
	if f == nil {
		os.Exit(64)
	}
	f()
}

// threads ties each goroutine to a thread, until the runtime gives up.
func threads() {
	debug.SetTraceback("none")
	for i := 0; i < 300; i++ {
		go func() {
			runtime.LockOSThread()
			time.Sleep(time.Minute)
		}()
	}
	time.Sleep(3 * time.Second)
	fmt.Println("escaped")
}

func heap() {
	var all [][]byte
	for {
		b := make([]byte, 1<<20)
		for i := 0; i < len(b); i += 4096 {
			b[i] = 1
		}
		all = append(all, b)
	}
}

func flood() {
	signal.Ignore()
	line := make([]byte, 4096)
	for range 8 {
		go func() {
			for {
				_, _ = os.Stdout.Write(line)
				_, _ = os.Stderr.Write(line)
			}
		}()
	}
	select {}
}

func spin() {
	signal.Ignore()
	for range 8 {
		go func() {
			for {
			}
		}()
	}
	select {}
}

// daemons leaves children in sessions of their own behind that hold on to its output, and ends well.
func daemons() {
	for range 5 {
		c := exec.Command("/proc/self/exe", "rest")
		c.Stdout, c.Stderr = os.Stdout, os.Stderr
		c.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
		if err := c.Start(); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
	}
	fmt.Println("left")
}

func rest() {
	signal.Ignore()
	time.Sleep(5 * time.Minute)
}

// dial tries what a host listens on. Whoever answers is named.
func dial() {
	port := os.Getenv("PORT")
	for _, to := range [][2]string{
		{"tcp", "127.0.0.1:" + port}, {"tcp", "[::1]:" + port}, {"tcp", "0.0.0.0:" + port}, {"tcp", "[::ffff:127.0.0.1]:" + port},
		{"tcp", "169.254.169.254:80"}, {"tcp", "[::ffff:169.254.169.254]:80"}, {"tcp", "[fd00:ec2::254]:80"}, {"tcp", "168.63.129.16:80"}, {"tcp", "100.100.100.200:80"},
		{"tcp", "172.17.0.1:2375"}, {"tcp", "10.0.2.2:22"}, {"tcp", "8.8.8.8:53"}, {"udp", "8.8.8.8:53"},
	} {
		c, err := net.DialTimeout(to[0], to[1], time.Second)
		if err != nil {
			continue
		}
		_ = c.SetDeadline(time.Now().Add(time.Second))
		if _, err = c.Write([]byte("x")); err == nil {
			fmt.Println("REACHED", to)
		}
	}
	sockets()
	fmt.Println("end")
}

func sockets() {
	for _, path := range []string{
		"/var/run/docker.sock", "/run/docker.sock", "/run/containerd/containerd.sock", "/run/podman/podman.sock", "/run/dbus/system_bus_socket",
		"/run/systemd/private", "/tmp/.X11-unix/X0", "@/tmp/.X11-unix/X0", "@" + os.Getenv("ABSTRACT"),
	} {
		if c, err := net.DialTimeout("unix", path, time.Second); err == nil {
			fmt.Println("REACHED", path)
			_ = c.Close()
		}
	}
}
