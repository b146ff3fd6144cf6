"""The registry of wrong answers: what people write instead, and the mistake to be named."""

WRONG = []  # (step, the mistake's name, the function that is replaced, the replacement)


def wrong(step, mistake, replaces):
    """Register the function below as a wrong answer to a step."""

    def register(function):
        WRONG.append((step, mistake, replaces, function))
        return function

    return register


def pairs(parameters):
    return "&".join(f"{name}={value}" for name, value in parameters.items())


def without(parameters, *names):
    return {name: value for name, value in parameters.items() if name not in names and value}
