#pragma once
// The commands that need libtorch; one file each.

#include "app/cli/learn_wing.h"

namespace athanor::app {

int train_command(const TrainArguments& arguments, const Invocation& call);
int estimate_command(const EstimateArguments& arguments, const Invocation& call);
int logits_command(const LogitsArguments& arguments, const Invocation& call);
int quickstart_command(const QuickstartArguments& arguments, const Invocation& call);
int lab_command(const LabArguments& arguments, const Invocation& call);
/// The catalogs of the learn wing.
std::vector<base::Shelf> learn_shelves();

}  // namespace athanor::app
