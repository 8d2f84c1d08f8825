#pragma once
// gguf_keys() of architectures.h lies in keys.cpp, apart from the rows of architectures. Internal to the room.

#include "athanor/core/models/gguf/architectures.h"
