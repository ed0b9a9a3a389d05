/* libcuda.so.1, libnvidia-ml.so.1 and libcudart.so.12 that pretend to drive GPUs, for machines without any.

   They list GPUs and their facts, as these variables say, and nothing runs on them:

   FAKE_GPUS          the number of GPUs (default 1)
   FAKE_GPU_NAME      the name of each (default "Fake GPU")
   FAKE_GPU_MIB       the memory of each, in MiB (default 16384); with 0 NVML does not know it
   FAKE_GPU_MIG       MIG instances of each GPU; 0, the default, means that MIG is off
   FAKE_GPU_NVLINKS   active NVLinks of each, of 25000 MB/s (default 0)
   FAKE_GPU_DRIVER    the version of the driver (default 580.65.06)
   FAKE_GPU_CUDA      the CUDA version of the driver, like 13000 for 13.0 (the default)
   FAKE_GPU_START     the result of cudaGetDevice where it is not 0, the default
   FAKE_GPU_INIT      the result of cuInit and nvmlInit where it is not 0, the default

   CUDA_VISIBLE_DEVICES selects GPUs as in a real driver: the list ends at the first entry that
   names none, a GPU that is named twice hides all, and one process sees at most one MIG instance. */

#define CUDA_API_PER_THREAD_DEFAULT_STREAM 0
#include <cuda.h>
#include <nvml.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST 64

static int number(const char *name, int otherwise) {
  const char *text = getenv(name);
  return text ? atoi(text) : otherwise;
}

static const char *text(const char *name, const char *otherwise) {
  const char *value = getenv(name);
  return value ? value : otherwise;
}

static int gpus(void) { return number("FAKE_GPUS", 1); }
static int instances(void) { return number("FAKE_GPU_MIG", 0); }
static size_t memory(void) { return (size_t)number("FAKE_GPU_MIB", 16384) << 20; }

/* A device: instance 0 is the whole GPU, others are MIG instances. */
typedef struct {
  int gpu, instance;
} Device;

static void uuid_of(Device device, unsigned char bytes[16]) {
  memset(bytes, 0xa0, 16);
  bytes[0] = (unsigned char)(0x10 * (device.gpu + 1));
  bytes[15] = (unsigned char)device.instance;
}

static void write_uuid(Device device, char *to) {
  unsigned char b[16];
  uuid_of(device, b);
  to += sprintf(to, device.instance ? "MIG-" : "GPU-");
  for (int i = 0; i < 16; i++) to += sprintf(to, "%s%02x", i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", b[i]);
}

/* The device that one entry of CUDA_VISIBLE_DEVICES names; 0 where it names none, or several. */
static int named(const char *entry, Device *found) {
  char uuid[64], *end;
  int matches = 0;
  if (!strncmp(entry, "GPU-", 4) || !strncmp(entry, "MIG-", 4)) {
    for (int gpu = 0; gpu < gpus(); gpu++)
      for (int instance = 0; instance <= instances(); instance++) {
        Device device = {gpu, instance};
        write_uuid(device, uuid);
        if (strncmp(entry, uuid, strlen(entry))) continue;
        *found = device;
        matches++;
      }
    return matches == 1;
  }
  long index = strtol(entry, &end, 10);
  if (end == entry || index < 0 || index >= gpus()) return 0;
  *found = (Device){(int)index, 0};
  return 1;
}

static Device visible[MOST];
static int visible_count = -1;

static void see(void) {
  const char *asked = getenv("CUDA_VISIBLE_DEVICES");
  char copy[4096];
  visible_count = 0;
  if (asked) {
    strncpy(copy, asked, sizeof copy - 1);
    copy[sizeof copy - 1] = 0;
    for (char *entry = strtok(copy, ","); entry; entry = strtok(NULL, ",")) {
      while (*entry == ' ') entry++;
      for (char *end = entry + strlen(entry); end > entry && end[-1] == ' ';) *--end = 0;
      Device device;
      if (!named(entry, &device)) break;
      for (int i = 0; i < visible_count; i++)
        if (!memcmp(&visible[i], &device, sizeof device)) {
          visible_count = 0;
          return;
        }
      visible[visible_count++] = device;
    }
  } else {
    for (int gpu = 0; gpu < gpus(); gpu++) visible[visible_count++] = (Device){gpu, 0};
  }
  if (instances() && visible_count) {
    visible[0].instance = visible[0].instance ? visible[0].instance : 1;
    visible_count = 1;
  }
}

/* The driver. */

CUresult cuInit(unsigned flags) {
  if (visible_count < 0) see();
  if (number("FAKE_GPU_INIT", 0)) return (CUresult)number("FAKE_GPU_INIT", 0);
  return visible_count ? CUDA_SUCCESS : CUDA_ERROR_NO_DEVICE;
}
CUresult cuDriverGetVersion(int *version) { return *version = number("FAKE_GPU_CUDA", 13000), CUDA_SUCCESS; }
CUresult cuDeviceGetCount(int *count) { return *count = visible_count, CUDA_SUCCESS; }
CUresult cuDeviceGet(CUdevice *device, int index) { return *device = index, CUDA_SUCCESS; }
CUresult cuDeviceGetName(char *name, int size, CUdevice device) {
  return snprintf(name, size, "%s", text("FAKE_GPU_NAME", "Fake GPU")), CUDA_SUCCESS;
}
CUresult cuDeviceGetPCIBusId(char *id, int size, CUdevice device) {
  return snprintf(id, size, "0000:%02x:00.0", visible[device].gpu + 1), CUDA_SUCCESS;
}
CUresult cuDeviceGetUuid_v2(CUuuid *id, CUdevice device) {
  return uuid_of(visible[device], (unsigned char *)id->bytes), CUDA_SUCCESS;
}
CUresult cuDeviceTotalMem_v2(size_t *bytes, CUdevice device) { return *bytes = memory(), CUDA_SUCCESS; }
CUresult cuMemGetInfo_v2(size_t *available, size_t *total) { return *available = *total = memory(), CUDA_SUCCESS; }
CUresult cuDeviceGetAttribute(int *value, CUdevice_attribute attribute, CUdevice device) {
  switch (attribute) {
    case CU_DEVICE_ATTRIBUTE_WARP_SIZE: *value = 32; break;
    case CU_DEVICE_ATTRIBUTE_CLOCK_RATE: *value = 1980000; break;
    case CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT: *value = 132; break;
    case CU_DEVICE_ATTRIBUTE_MEMORY_CLOCK_RATE: *value = 2619000; break;
    case CU_DEVICE_ATTRIBUTE_GLOBAL_MEMORY_BUS_WIDTH: *value = 5120; break;
    case CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR: *value = 9; break;
    case CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR: *value = 0; break;
    default: *value = 1024;
  }
  return CUDA_SUCCESS;
}
CUresult cuDevicePrimaryCtxRetain(CUcontext *context, CUdevice device) { return *context = (CUcontext)1, CUDA_SUCCESS; }
CUresult cuDevicePrimaryCtxGetState(CUdevice device, unsigned *flags, int *active) {
  return *flags = 0, *active = 1, CUDA_SUCCESS;
}
CUresult cuDevicePrimaryCtxSetFlags_v2(CUdevice device, unsigned flags) { return CUDA_SUCCESS; }
CUresult cuDevicePrimaryCtxRelease_v2(CUdevice device) { return CUDA_SUCCESS; }
CUresult cuDeviceCanAccessPeer(int *can, CUdevice device, CUdevice peer) { return *can = 0, CUDA_SUCCESS; }
CUresult cuCtxGetCurrent(CUcontext *context) { return *context = (CUcontext)1, CUDA_SUCCESS; }
CUresult cuCtxSetCurrent(CUcontext context) { return CUDA_SUCCESS; }
CUresult cuCtxGetDevice(CUdevice *device) { return *device = 0, CUDA_SUCCESS; }
CUresult cuGetErrorName(CUresult error, const char **name) {
  return *name = error == CUDA_ERROR_NO_DEVICE ? "CUDA_ERROR_NO_DEVICE" : "CUDA_ERROR_FAKE", CUDA_SUCCESS;
}
CUresult cuGetErrorString(CUresult error, const char **words) { return *words = "the driver is a fake", CUDA_SUCCESS; }

/* The runtime: what TensorFlow asks it when it starts a GPU. */

int cudaGetDevice(int *device) { return *device = 0, number("FAKE_GPU_START", 0); }
int cudaGetLastError(void) { return 0; }
const char *cudaGetErrorString(int error) {
  switch (error) {
    case 35: return "CUDA driver version is insufficient for CUDA runtime version";
    case 46: return "CUDA-capable device(s) is/are busy or unavailable";
    default: return "unknown error";
  }
}

/* The management library: a handle is a Device, as a number from 1 on. */

static nvmlDevice_t handle_of(Device device) { return (nvmlDevice_t)(size_t)(device.gpu * MOST + device.instance + 1); }
static Device device_of(nvmlDevice_t handle) {
  int number = (int)(size_t)handle - 1;
  return (Device){number / MOST, number % MOST};
}

nvmlReturn_t nvmlInit_v2(void) {
  return number("FAKE_GPU_INIT", 0) ? NVML_ERROR_DRIVER_NOT_LOADED : NVML_SUCCESS;
}
nvmlReturn_t nvmlShutdown(void) { return NVML_SUCCESS; }
const char *nvmlErrorString(nvmlReturn_t result) { return "Driver Not Loaded"; }
nvmlReturn_t nvmlSystemGetDriverVersion(char *version, unsigned length) {
  return snprintf(version, length, "%s", text("FAKE_GPU_DRIVER", "580.65.06")), NVML_SUCCESS;
}
nvmlReturn_t nvmlSystemGetCudaDriverVersion_v2(int *version) {
  return *version = number("FAKE_GPU_CUDA", 13000), NVML_SUCCESS;
}
nvmlReturn_t nvmlDeviceGetCount_v2(unsigned *count) { return *count = gpus(), NVML_SUCCESS; }
nvmlReturn_t nvmlDeviceGetHandleByIndex_v2(unsigned index, nvmlDevice_t *device) {
  return *device = handle_of((Device){(int)index, 0}), NVML_SUCCESS;
}
nvmlReturn_t nvmlDeviceGetHandleByPciBusId_v2(const char *id, nvmlDevice_t *device) {
  unsigned domain = 0, bus = 1;
  sscanf(id, "%x:%x", &domain, &bus);
  return *device = handle_of((Device){(int)bus - 1, 0}), NVML_SUCCESS;
}
nvmlReturn_t nvmlDeviceGetName(nvmlDevice_t device, char *name, unsigned length) {
  return snprintf(name, length, "%s", text("FAKE_GPU_NAME", "Fake GPU")), NVML_SUCCESS;
}
nvmlReturn_t nvmlDeviceGetUUID(nvmlDevice_t device, char *uuid, unsigned length) {
  return write_uuid(device_of(device), uuid), NVML_SUCCESS;
}
nvmlReturn_t nvmlDeviceGetMemoryInfo(nvmlDevice_t device, nvmlMemory_t *info) {
  int share = device_of(device).instance ? instances() : 1;
  if (!memory()) return NVML_ERROR_NOT_SUPPORTED;
  info->total = memory() / share;
  info->used = info->total / 4;
  return info->free = info->total - info->used, NVML_SUCCESS;
}
nvmlReturn_t nvmlDeviceGetMaxPcieLinkGeneration(nvmlDevice_t device, unsigned *generation) {
  return *generation = 5, NVML_SUCCESS;
}
nvmlReturn_t nvmlDeviceGetMaxPcieLinkWidth(nvmlDevice_t device, unsigned *width) { return *width = 16, NVML_SUCCESS; }
nvmlReturn_t nvmlDeviceGetCurrPcieLinkGeneration(nvmlDevice_t device, unsigned *generation) {
  return *generation = 5, NVML_SUCCESS;
}
nvmlReturn_t nvmlDeviceGetCurrPcieLinkWidth(nvmlDevice_t device, unsigned *width) { return *width = 16, NVML_SUCCESS; }
nvmlReturn_t nvmlDeviceGetMigMode(nvmlDevice_t device, unsigned *current, unsigned *pending) {
  return *current = *pending = instances() > 0, NVML_SUCCESS;
}
nvmlReturn_t nvmlDeviceGetMaxMigDeviceCount(nvmlDevice_t device, unsigned *count) {
  return *count = instances() ? 7 : 0, NVML_SUCCESS;
}
nvmlReturn_t nvmlDeviceGetMigDeviceHandleByIndex(nvmlDevice_t device, unsigned index, nvmlDevice_t *mig) {
  if ((int)index >= instances()) return NVML_ERROR_NOT_FOUND;
  return *mig = handle_of((Device){device_of(device).gpu, (int)index + 1}), NVML_SUCCESS;
}
nvmlReturn_t nvmlDeviceGetNvLinkState(nvmlDevice_t device, unsigned link, nvmlEnableState_t *active) {
  int links = number("FAKE_GPU_NVLINKS", 0);
  if (!links) return NVML_ERROR_NOT_SUPPORTED;
  return *active = (int)link < links ? NVML_FEATURE_ENABLED : NVML_FEATURE_DISABLED, NVML_SUCCESS;
}
nvmlReturn_t nvmlDeviceGetFieldValues(nvmlDevice_t device, int count, nvmlFieldValue_t *values) {
  for (int i = 0; i < count; i++) {
    int known = values[i].fieldId == NVML_FI_DEV_NVLINK_SPEED_MBPS_COMMON;
    values[i].nvmlReturn = known ? NVML_SUCCESS : NVML_ERROR_NOT_SUPPORTED;
    values[i].valueType = NVML_VALUE_TYPE_UNSIGNED_INT;
    values[i].value.uiVal = 25000;
  }
  return NVML_SUCCESS;
}
