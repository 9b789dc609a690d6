module example.test/count

go 1.24
