# One container app, with a file share for its rows. The rows belong to one process, so there is one replica.

terraform {
  required_version = ">= 1.5"
  required_providers {
    azurerm = {
      source  = "hashicorp/azurerm"
      version = "~> 4.0"
    }
  }
}

provider "azurerm" {
  features {
    storage {
      data_plane_available = false # the account answers to the subnet of the apps alone
    }
  }
}

resource "azurerm_resource_group" "this" {
  name     = "${var.name}-rg"
  location = var.location
}

resource "azurerm_log_analytics_workspace" "this" {
  name                = "${var.name}-logs"
  location            = azurerm_resource_group.this.location
  resource_group_name = azurerm_resource_group.this.name
  sku                 = "PerGB2018"
  retention_in_days   = 30
}
resource "azurerm_virtual_network" "this" {
  name                = "${var.name}-net"
  location            = azurerm_resource_group.this.location
  resource_group_name = azurerm_resource_group.this.name
  address_space       = ["10.0.0.0/16"]
}

resource "azurerm_subnet" "apps" {
  name                 = "apps"
  resource_group_name  = azurerm_resource_group.this.name
  virtual_network_name = azurerm_virtual_network.this.name
  address_prefixes     = ["10.0.0.0/23"]
  service_endpoints    = ["Microsoft.Storage"]

  delegation {
    name = "apps"

    service_delegation {
      name    = "Microsoft.App/environments"
      actions = ["Microsoft.Network/virtualNetworks/subnets/join/action"]
    }
  }
}

resource "azurerm_container_app_environment" "this" {
  name                       = "${var.name}-env"
  location                   = azurerm_resource_group.this.location
  resource_group_name        = azurerm_resource_group.this.name
  log_analytics_workspace_id = azurerm_log_analytics_workspace.this.id
  infrastructure_subnet_id   = azurerm_subnet.apps.id

  workload_profile {
    name                  = "Consumption"
    workload_profile_type = "Consumption"
  }
}

# SQLite needs the locks and the memory mapping that NFS has and SMB has not.
resource "azurerm_storage_account" "this" {
  name                            = var.storage_account_name
  location                        = azurerm_resource_group.this.location
  resource_group_name             = azurerm_resource_group.this.name
  account_kind                    = "FileStorage"
  account_tier                    = "Premium"
  account_replication_type        = "ZRS"
  min_tls_version                 = "TLS1_2"
  allow_nested_items_to_be_public = false
  https_traffic_only_enabled      = false # NFS is no HTTPS; only the subnet of the apps reaches the account

  network_rules {
    default_action             = "Deny"
    virtual_network_subnet_ids = [azurerm_subnet.apps.id]
  }
}

resource "azurerm_storage_share" "rows" {
  name               = "rows"
  storage_account_id = azurerm_storage_account.this.id
  enabled_protocol   = "NFS"
  quota              = 100
}

resource "azurerm_container_app_environment_storage" "rows" {
  name                         = "rows"
  container_app_environment_id = azurerm_container_app_environment.this.id
  nfs_server_url               = "${azurerm_storage_account.this.name}.file.core.windows.net"
  share_name                   = "/${azurerm_storage_account.this.name}/${azurerm_storage_share.rows.name}"
  access_mode                  = "ReadWrite"
}

resource "azurerm_container_app" "this" {
  name                         = var.name
  container_app_environment_id = azurerm_container_app_environment.this.id
  resource_group_name          = azurerm_resource_group.this.name
  revision_mode                = "Single"
  workload_profile_name        = "Consumption"

  ingress {
    external_enabled = true
    target_port      = 8080

    traffic_weight {
      latest_revision = true
      percentage      = 100
    }
  }

  template {
    min_replicas = 1
    max_replicas = 1

    # A new share belongs to root, and the service does not run as root.
    init_container {
      name    = "owner"
      image   = "mcr.microsoft.com/azurelinux/busybox:1.36"
      cpu     = 0.25
      memory  = "0.5Gi"
      command = ["chown", "10001", "/data"]

      volume_mounts {
        name = "rows"
        path = "/data"
      }
    }

    container {
      name   = "service"
      image  = var.image
      cpu    = 0.5
      memory = "1Gi"

      liveness_probe {
        transport = "HTTP"
        port      = 8080
        path      = "/healthz"
      }

      readiness_probe {
        transport = "HTTP"
        port      = 8080
        path      = "/healthz"
      }

      volume_mounts {
        name = "rows"
        path = "/data"
      }
    }

    volume {
      name         = "rows"
      storage_type = "NfsAzureFile"
      storage_name = azurerm_container_app_environment_storage.rows.name
    }
  }
}
