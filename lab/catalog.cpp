#include "lab/experiment.h"

namespace athanor::lab {

Answer run_lora_init(Lab& lab);
Answer run_lora_scale(Lab& lab);
Answer run_repetition(Lab& lab);
Answer run_forgetting(Lab& lab);
Answer run_oom(Lab& lab);
Answer run_instruction_tuning(Lab& lab);

std::span<const Experiment> experiments() {
  static const Experiment rows[] = {
      {{"lora-init", "which of LoRA's two matrices may begin at zero?", "Hu et al. 2021, arXiv:2106.09685",
        "lora-init/lora_init.cpp"},
       "How are LoRA's matrices initialised? Why with all zeros?",
       "One of the two at zero: the model answers at first as before, and learns. Both at zero: it never learns anything, for the "
       "gradient of each is a multiple of the other. Both random: it learns too, from a start that is worse. Refuted if both at "
       "zero "
       "moves the loss, or if one at zero does not.",
       1,
       run_lora_init},
      {{"lora-scale", "does alpha keep the best learning rate when the rank changes?", "Kalajdzievski 2023, arXiv:2312.03732",
        "lora-scale/lora_scale.cpp"},
       "alpha scales the branch, so that the learning rate need not be tuned again when r changes.",
       "With alpha / r the update shrinks as r grows, so the best rate rises with r; with alpha / sqrt(r) it stays. Refuted (and "
       "the "
       "handbook confirmed) if the best rate under alpha / r does not move with r.",
       1.5,
       run_lora_scale},
      {{"repetition", "what makes a model repeat itself less?", "Holtzman et al. 2020, arXiv:1904.09751",
        "repetition/repetition.cpp"},
       "Diverse and clean data, noise, temperature, post-processing and tuning the beam search mitigate repetition.",
       "Temperature, noise on the scores, penalties, a ban on n-grams and a filter reduce it; more beams do not. A passage that is "
       "many times in the data makes it worse, and deduplication undoes that. Noise on embeddings while training changes little. "
       "Each is "
       "refuted if the rate of repeated 4-grams moves the other way.",
       2,
       run_repetition},
      {{"forgetting", "what keeps general ability while a model learns a domain?", "Kirkpatrick et al. 2017, arXiv:1612.00796",
        "forgetting/forgetting.cpp"},
       "A smaller learning rate, weight decay, early stopping and EWC reduce what tuning forgets; general data mixed in at 1:5 to "
       "1:10 "
       "does too.",
       "Replay keeps the general text best and costs a part of the domain's gain; a small rate, early stopping, EWC and LoRA lie "
       "on the "
       "same trade; plain weight decay does nothing. L2 towards the start (added later) lies on that trade too, above EWC, for it "
       "holds every weight alike. Each is refuted if the general text is lost as much as without it.",
       2,
       run_forgetting},
      {{"oom", "what does the memory of training follow?", "Chen et al. 2016, arXiv:1604.06174", "oom/oom.cpp"},
       "More samples lead to out-of-memory errors; smaller batches and gradient accumulation reduce memory.",
       "The peak follows the tokens of a micro-batch, not the size of the data set: smaller batches, shorter rows, accumulation "
       "and "
       "activation checkpointing lower it, four times the data does not raise it, and `athanor estimate` is within 10 % each time.",
       1.5,
       run_oom},
      {{"instruction-tuning", "one model that is told its tasks, or a prompt for each?", "Wei et al. 2022, arXiv:2109.01652",
        "instruction-tuning/instruction_tuning.cpp"},
       "Prompt tuning learns a prompt for each task and keeps the model frozen; instruction tuning unfreezes the model, learns "
       "several "
       "tasks told in words, and is judged zero-shot.",
       "At 0.27 M parameters prompts in front of a frozen model answer next to nothing, and leave it as it was; instruction tuning "
       "answers "
       "most of what it learned, a task of known halves that it never learned more often than a guess would, and forgets general "
       "text. "
       "On the instruction-tuned model prompts work, nearly as well as the words. Each is refuted if the exact answers, or the "
       "general "
       "text's loss, go the other way.",
       2,
       run_instruction_tuning},
  };
  return rows;
}

std::vector<base::Shelf> shelves() {
  base::Shelf shelf{"lab", "experiments", {}};
  for (const Experiment& row : experiments()) shelf.entries.push_back(row);
  return {shelf};
}

}  // namespace athanor::lab
