#pragma once
// A claim, and the run that measures it. An experiment is one folder: its .cpp, a README.md with the claim, the prediction and the
// answer, and one row in catalog.cpp.

#include <span>
#include <vector>

#include "athanor/core/base/catalog.h"
#include "lab/answer.h"

namespace athanor::lab {

class Lab;

struct Experiment : base::Entry {
  const char* says;        // the handbook's sentence, in English
  const char* prediction;  // written before the first run, with what would refute it
  double minutes;          // on two quiet cores, with three seeds
  Answer (*run)(Lab& lab);
};

std::span<const Experiment> experiments();
/// What `athanor list` prints of the lab.
std::vector<base::Shelf> shelves();

}  // namespace athanor::lab
