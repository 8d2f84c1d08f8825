#include "athanor/learn/nn/device.h"

#include <ATen/Context.h>
#include <dlfcn.h>

#include <filesystem>
#include <string>

#include "athanor/core/base/error.h"
#include "athanor/core/kernels/isa.h"

namespace athanor::nn {
namespace {

/// Why a GPU cannot be used; "" where it can. Loading libtorch_cuda.so takes seconds, so it comes after the cheap question.
std::string cuda_obstacle() {
  if (!std::filesystem::exists("/dev/nvidiactl")) return "no NVIDIA driver is loaded on this machine";
  if (!dlopen("libtorch_cuda.so", RTLD_NOW | RTLD_GLOBAL)) return dlerror();
  if (!at::globalContext().hasCUDA()) return "libtorch finds no usable GPU";
  return "";
}

const std::string& known_obstacle() {
  static const std::string obstacle = cuda_obstacle();
  return obstacle;
}

}  // namespace

bool cuda_usable() { return known_obstacle().empty(); }

bool fast_bf16(const at::Device& device) { return !device.is_cpu() || kernels::best_isa_level() >= kernels::IsaLevel::kVnni; }

at::Device device_named(std::string_view name) {
  if (name == "cpu") return at::kCPU;
  if (name != "cuda") base::input_error("nn.device", {"unknown device", std::string(name), "cpu or cuda"});
  if (!cuda_usable()) base::input_error("nn.device", {"CUDA cannot be used", known_obstacle(), "", "--device cpu"});
  return at::Device(at::kCUDA, 0);
}

}  // namespace athanor::nn
