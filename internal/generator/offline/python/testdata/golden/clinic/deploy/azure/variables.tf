variable "name" {
  description = "Name of the container app; the other resources are named after it."
  type        = string
  default     = "clinic"
}

variable "location" {
  description = "Azure region."
  type        = string
  default     = "westeurope"
}

variable "image" {
  description = "Image to run, with its registry and digest."
  type        = string
}

variable "storage_account_name" {
  description = "Name of the storage account for the rows: 3 to 24 lower-case letters and digits, unique in Azure."
  type        = string
}
