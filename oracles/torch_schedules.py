"""PyTorch: learning rates of the schedules that Keras does not have. Step 0 is the rate of the first update."""

import warnings

import torch

from pytorch import write

warnings.filterwarnings("ignore", message="Detected call of `lr_scheduler.step")


def case(name, kind, make, steps, options):
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=options.get("initialLearningRate", 1.0))
    schedule = make(optimizer)
    rates = []
    for _ in range(steps):
        rates.append(optimizer.param_groups[0]["lr"])
        if len(rates) < steps:
            schedule.step()
    return {
        "name": name, "schedule": kind, "options": options, "inputs": {"steps": list(range(steps))}, "expected": {"learningRates": rates},
    }


def one_cycle(name, options, **extra):
    make = lambda optimizer: torch.optim.lr_scheduler.OneCycleLR(
        optimizer, max_lr=options["maxLearningRate"], total_steps=options["totalSteps"], **extra)
    return case(name, "oneCycle", make, options["totalSteps"], options)


if __name__ == "__main__":
    short = {"maxLearningRate": 0.1, "totalSteps": 20}
    write("torch-schedules", [
        one_cycle("one cycle", {**short, "warmupFraction": 0.3, "divFactor": 25, "finalDivFactor": 10000}),
        one_cycle("one cycle, other shape", {**short, "warmupFraction": 0.5, "divFactor": 10, "finalDivFactor": 100},
                  pct_start=0.5, div_factor=10, final_div_factor=100),
        one_cycle("one cycle, linear", {**short, "warmupFraction": 0.3, "divFactor": 25, "finalDivFactor": 10000, "shape": "linear"},
                  anneal_strategy="linear"),
        case("step", "step", lambda optimizer: torch.optim.lr_scheduler.StepLR(optimizer, step_size=4, gamma=0.5), 14,
             {"initialLearningRate": 0.1, "stepSize": 4, "factor": 0.5}),
    ])
