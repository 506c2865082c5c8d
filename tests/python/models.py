"""The six models the tests run on: small in width, real in layer structure.

Each entry is what capture.py takes on its command line; nothing is downloaded.
"""

MODELS = {
    "resnet18": {
        "hf": "ResNetForImageClassification", "init": "kaiming", "image_size": 64,
        "config": {"depths": [2, 2, 2, 2], "hidden_sizes": [16, 32, 64, 128], "embedding_size": 16,
                   "layer_type": "basic", "num_labels": 10},
    },
    "mobilenetv2": {
        "hf": "MobileNetV2ForImageClassification", "init": "kaiming", "image_size": 64,
        "config": {"depth_multiplier": 0.25, "num_labels": 10},
    },
    "bert": {
        "hf": "BertModel", "sequence": 16,
        "config": {"num_hidden_layers": 2, "hidden_size": 64, "intermediate_size": 128,
                   "num_attention_heads": 4, "vocab_size": 500},
    },
    "gpt2": {
        "hf": "GPT2LMHeadModel", "sequence": 16,
        "config": {"n_layer": 2, "n_embd": 64, "n_head": 4, "vocab_size": 500, "n_positions": 64},
    },
    "vit": {
        "hf": "ViTForImageClassification", "image_size": 32,
        "config": {"num_hidden_layers": 2, "hidden_size": 64, "intermediate_size": 128,
                   "num_attention_heads": 4, "image_size": 32, "patch_size": 8, "num_labels": 10},
    },
    "llama": {
        "hf": "LlamaForCausalLM", "sequence": 16,
        "config": {"num_hidden_layers": 2, "hidden_size": 64, "intermediate_size": 176,
                   "num_attention_heads": 4, "num_key_value_heads": 2, "vocab_size": 500},
    },
}
